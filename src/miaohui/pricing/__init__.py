"""Pricing: a cart in, a priced and explained cart out.

`engine.price` is the way in. What goes in: `cart`, `promotion` (with `conditions` and `effects`); what comes out: `priced`.
Inside: `rulebook` indexes promotions, `lines` finds what a scope means, `eligible` judges conditions, `giving` works out what an
effect takes, `basket` holds the units, `search` finds the best set, `idle` says why nothing was given, `receipt` makes the answer;
`allocation` splits an amount over units, to the cent.
"""
