"""Customers' pages, made for a phone: the campaign, a page for each play, a party with its share link, the wallet.

    visitor     who is looking: the cookie that the shop's signed link became
    campaigns   the campaign and its stage
    views       what the pages show, read from PostgreSQL: plays, what is left in their pools, the customer's own
    pages       the addresses, and which template answers
    templates/plays/<module>.html   one play, one page: macros `card`, `main`, `bar`, `held`; for parties `instance`,
              `instance_bar`. Found by the module's name; a play without its page is an error, not an empty page

A page changes nothing: what customers do goes through the API, sent by `pages/static/phone.js` with an idempotency key; so
does `page.viewed`, by the ingest of every browser. The clock of a page is the database's.
"""
