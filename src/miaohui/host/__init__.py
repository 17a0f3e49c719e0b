"""The host runs the plays: it gathers actions, loads what they touch, lets them decide, and commits each batch as one
transaction. An answer that was seen is durable; a batch of N gives exactly what N batches of one give.

    setup       what a campaign tells the host about a play: a version of its rules with window, audience, consent, rate
    submission  one thing to be decided: a play's action, an order's verb, a timer, an opening
    batch       decides the submissions of a batch, one after another, on the balances as they become: pure
    orders      the life of an order, and the claims it makes on plays
    storage     what a batch reads and writes; `memory` and `postgres` keep it
    host        the queue, batches decided ahead, the answers
    overlay     the outcome of a batch that is still being written
    timers, openings   due timers as actions; filling and emptying the pools of a campaign
"""
