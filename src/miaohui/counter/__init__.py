"""The counter: a small shop that stands in for a real one in the demo and in tests, and says so on every page.

    households  the shop's log-in of the demo: pick a household, and come to the campaign by the shop's signed link
    shop        its pages: goods, checkout, my orders; `goods` and baskets, `shopper` who stands there
    till        place, pay, cancel, refund: Miaohui is asked first, then the counter writes it down
    miaohui     the public API, as any shop calls it;  `connect` makes the key and the webhook
    webhook     what Miaohui tells its shops: on `refund.requested` the counter gives the money back
    orders      the counter's own orders

It takes no real money. With Miaohui it speaks only through the public HTTP API, with a key of its own, and the signed
webhook; the one thing it reads beside its own tables is the list of products, which is the shop's own anyway. Outside the
demo its pages do not exist.
"""
