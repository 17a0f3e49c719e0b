"""Customers, a shop and operators in virtual time, against the real host, with everything going wrong that can go wrong.

`world` says who and what there is, drawn from the seed; `people` what they do; `network` loses, repeats and delays what they say;
`faults` kills the host and its storage; `stage` keeps the plays, in memory or in PostgreSQL; `run` lets it all happen, and
`auditor` recomputes everything from the events alone and compares.

The same seed gives the same log, byte for byte, on either storage.
"""
