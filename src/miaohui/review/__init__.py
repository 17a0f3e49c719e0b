"""The review: what a campaign brought, in figures that say where they come from.

    figures     `Review` and its parts: what pages and the API get
    past        campaigns of the imported history, from events alone
    live        campaigns that ran here, from ledger and events, with the difference of the two
    books       the ledger beside the events, pool by pool
    findings    judgement, evidence, next step: the sentences
    war_room    the figures of the moment, one shared answer for everybody who watches

Figures are *measured*: simulated events are left out and stand in a line of their own. Each effect carries its evidence:
measured | estimated | associated | observed. What reached customers did is `observed`: without a control group nobody knows
what they would have done anyway, and no sentence here claims to.
"""
