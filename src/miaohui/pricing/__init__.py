"""Pricing: a cart in, a priced and explained cart out.

`engine.price` is the way in. What goes in: `cart`, `promotion` (with `conditions` and `effects`); what comes out: `priced`, in the
words of `explain`; `refunds` gives back.

Inside: `rulebook` indexes promotions, `lines` finds what a scope means, `eligible` judges conditions, `giving` and `groups` work
out what an effect takes, `basket` holds the units, `sale` what was taken so far, `engine` knows whose turn it is, `search` (with
`relaxed` and `bounds`) the best set, `idle` why nothing was given; `receipt` makes the answer. `allocation` splits an amount over
units, to the cent.
"""
