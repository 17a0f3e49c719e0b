"""Pricing: what a cart costs and why. `allocation` splits an amount over units, to the cent."""
