"""Lucky bag: one per customer, as long as there are any."""

from miaohui.plays.lucky_bag import Reply, Rules, Take, decide, touches

from miaohui.ledger.accounts import Account
from miaohui.plays._contract import Moment, Refusal, Text, Who
from miaohui.plays._fields import Product

RULES = Rules(id="c/bag", product=Product("bag", "bag-1", Text("福袋", "Bag"), 1200), bags=2)
ANN = Who("ann", {"account": "ann"})


def test_a_bag_while_there_are_any_and_one_each():
    states, accounts = touches(RULES, Take(ANN))
    balances = {key: Account() for key in accounts}
    balances["play/c/bag/stock"].credits = 2
    granted = decide(RULES, {}, balances, Take(ANN), Moment(bytes(16), 0, 0))
    assert (states, granted.reply, len(granted.transfers)) == ((), Reply(1), 2)
    balances["limit/c/bag/account/ann"].credits = 1
    assert decide(RULES, {}, balances, Take(ANN), Moment(bytes(16), 0, 0)) == Refusal("limit_reached", {"limit": 1})
    balances["limit/c/bag/account/ann"].credits, balances["play/c/bag/stock"].credits = 0, 0
    assert decide(RULES, {}, balances, Take(ANN), Moment(bytes(16), 0, 0)) == Refusal("none_left")
