"""What meets, and who is told too often."""

from datetime import date

from miaohui.campaign.clashes import Clash, Fatigue, clashes, fatigue
from miaohui.campaign.contacts import Contact, contacts
from miaohui.campaign.document import Document
from miaohui.campaign.facts import Facts
from miaohui.campaign.reader import read

DOCUMENT = """\
campaign = "{id}"
name = {{ zh = "灯", en = "Lamp" }}
kind = "brand"
zone = "Asia/Shanghai"
[phases]
warm_up = 2026-09-{warm_up}
live = 2026-09-{live}
wrap_up = 2026-09-{wrap_up}
[audiences]
{audience} = "stage   is silent"
[products.{sku}]
price = 9.00
[plays.coupon]
play = "coupon"
give = {{ {audience} = "5.00 off", everybody = "2.00 off" }}
count = 10
[journeys.wake]
enter = "audience {audience}"
steps = [
  {{ id = "a", send = "sms", content = "x", when = "evening" }},
  {{ id = "b", wait = "3 days", or = "order.paid" }},
  {{ id = "c", send = "{second}", content = "x", when = "evening" }},
]
caps = {{ per_week = {cap} }}
[journeys.later]
enter = "play coupon: taken"
steps = [{{ id = "a", send = "sms", content = "x" }}]
[content.x]
channel = "sms"
text = {{ zh = "x", en = "x" }}
"""


def document(id: str, warm_up: int, live: int, wrap_up: int, **changed: object) -> Document:
    """A small campaign of September."""
    words = {"audience": "silent", "sku": id, "second": "wechat_oa", "cap": 3} | changed
    found = read(
        DOCUMENT.format(id=id, warm_up=f"{warm_up:02}", live=f"{live:02}", wrap_up=f"{wrap_up:02}", **words), Facts()
    )
    assert found.document is not None, found.problems
    return found.document


def test_what_a_document_sends() -> None:
    assert list(contacts(document("a", 7, 9, 12))) == [
        Contact("a", "silent", "stage is silent", "sms", date(2026, 9, 7), "evening", 3),
        Contact("a", "silent", "stage is silent", "wechat_oa", date(2026, 9, 10), "evening", 3),
    ]


def test_the_same_people_under_another_name() -> None:
    found = clashes([document("a", 7, 9, 12), document("b", 11, 13, 15, audience="sleepers")])
    assert found == [Clash("audience", "a", "b", "silent", date(2026, 9, 11), date(2026, 9, 11))]


def test_one_after_the_other_does_not_clash() -> None:
    assert clashes([document("a", 7, 9, 12), document("b", 12, 13, 15)]) == []


def test_the_same_product_and_the_same_hour_of_a_channel() -> None:
    found = clashes([document("a", 7, 9, 12, sku="lamp"), document("b", 10, 11, 15, sku="lamp", second="sms")])
    assert [(clash.what, clash.thing, clash.first.day, clash.last.day) for clash in found] == [
        ("audience", "silent", 10, 11),
        ("product", "lamp", 10, 11),
    ]
    found = clashes([document("a", 7, 9, 12, second="sms"), document("b", 10, 11, 15)])
    assert [(clash.what, clash.thing, clash.first.day) for clash in found][1:] == [("channel", "sms evening", 10)]


def test_people_told_too_often_in_a_week() -> None:
    three = [document("a", 7, 9, 12), document("b", 8, 10, 12, audience="sleepers"), document("c", 14, 15, 18)]
    assert fatigue(three) == [Fatigue("silent", "stage is silent", date(2026, 9, 7), 4, 3, ("a", "b"))]
    assert fatigue([document("a", 7, 9, 12, cap=1)]) == [
        Fatigue("silent", "stage is silent", date(2026, 9, 7), 2, 1, ("a",))
    ]
    assert fatigue([document("a", 7, 9, 12)]) == []
