"""Refusals as people and programs get them: status, code, a sentence in their language, data, and whether to try again.

The host's codes, in the order in which they are checked: bad_request, unauthorised, unknown_campaign, unknown_play,
unknown_action, key_reused, not_open, ended, not_in_audience, not_offered, no_consent, too_fast; then the play's own, which stand
in its module. `{name}` in a sentence is filled from the data: keys that end in `_minor` are shown as money, `_ms` as a time.
"""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from miaohui.clock import moment_of
from miaohui.money import Money
from miaohui.plays._contract import Refusal
from miaohui.text import Text


class Spoken(Struct):
    """A refusal as it goes over the wire."""

    code: str
    sentence: str
    data: dict[str, Any]
    retry: bool


CODES: dict[str, tuple[int, bool, Text]] = {
    "bad_request": (422, False, Text("{field} 的值 {value} 不对，应为：{wanted}", "{field} is {value}: send {wanted}")),
    "unauthorised": (401, False, Text("请先登录，或带上有效的密钥", "Log in, or send a valid key")),
    "unknown_campaign": (404, False, Text("没有活动 {campaign}", "There is no campaign {campaign}")),
    "unknown_play": (404, False, Text("活动 {campaign} 没有玩法 {play}", "Campaign {campaign} has no play {play}")),
    "unknown_action": (404, False, Text("没有动作 {action}", "There is no action {action}; there are: {actions}")),
    "key_reused": (
        409,
        False,
        Text("这个幂等键已用于另一个请求", "This Idempotency-Key was used for another body: send a new key"),
    ),
    "not_open": (409, True, Text("还没开始", "It is not open yet")),
    "ended": (409, False, Text("已经结束", "It has ended")),
    "not_in_audience": (403, False, Text("这个玩法只对受邀顾客开放", "This is for invited customers only")),
    "not_offered": (403, False, Text("这个玩法没有向你开放", "This is not offered to you")),
    "no_consent": (403, False, Text("需要先同意：{consent}", "Please agree first: {consent}")),
    "too_fast": (429, True, Text("太快了，请稍后再试", "Too fast, please wait a moment")),
    "busy": (503, True, Text("人太多了，请稍后再试", "Many people are here at once, please try again in a moment")),
    "failed": (500, True, Text("出错了，没有任何改动", "Something went wrong here; nothing was changed")),
    "order_not_placed": (409, True, Text("订单 {order} 还没有下单", "Order {order} was not placed yet")),
    "order_exists": (409, False, Text("订单 {order} 已存在", "Order {order} exists already ({status})")),
    "order_state": (
        409,
        False,
        Text("订单 {order} 现在是 {status}", "Order {order} is {status}: {verb} is not possible"),
    ),
    "one_coupon": (409, False, Text("一单只能用一张券", "One coupon per order")),
    "price_changed": (
        409,
        True,
        Text(
            "价格已变：现在是 {total_minor}，页面上是 {shown_minor}", "It comes to {total_minor} now, not {shown_minor}"
        ),
    ),
    "unknown_line": (422, False, Text("订单没有行 {line}", "The order has no line {line}; it has {lines}")),
    "refund_exceeds_order": (
        409,
        False,
        Text(
            "{line} 还能退 {left} 件，要退 {quantity} 件", "Line {line} has {left} left to refund, {quantity} were sent"
        ),
    ),
    "unknown_account": (404, False, Text("没有账户 {account}", "There is no account {account}")),
    "other_unit": (409, False, Text("{account} 的单位是 {unit}", "{account} holds {unit}, not {wanted}")),
    "not_enough": (
        409,
        False,
        Text("{account} 只有 {have}，需要 {wanted}", "{account} has {have}, {wanted} are needed"),
    ),
}
"""Code -> HTTP status, whether to try again, the sentence; in the order in which they are checked."""


def status(refusal: Refusal) -> int:
    """The HTTP status of a refusal: 409 for a play's own."""
    return CODES[refusal.code][0] if refusal.code in CODES else 409


def spoken(
    refusal: Refusal, language: str, sentences: dict[str, Text] | None = None, currency: str = "USD", zone: str = "UTC"
) -> Spoken:
    """The refusal in `language`; `sentences` are those of its play."""
    _, retry, text = CODES.get(refusal.code, (409, False, Text(refusal.code, refusal.code)))
    if sentences and refusal.code in sentences:
        text = sentences[refusal.code]
    if refusal.sentence is not None:
        return Spoken(refusal.code, refusal.sentence(language), refusal.data, retry)
    shown = _Shown({key: _show(key, value, language, currency, zone) for key, value in refusal.data.items()})
    return Spoken(refusal.code, text(language).format_map(shown), refusal.data, retry)


class _Shown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _show(key: str, value: Any, language: str, currency: str, zone: str) -> str:
    if key.endswith("_minor") and isinstance(value, int):
        return Money(value, currency).text(language)
    if key.endswith("_ms") and isinstance(value, int):
        at = moment_of(value).astimezone(ZoneInfo(zone))
        return f"{at.month}月{at.day}日 {at:%H:%M}" if language == "zh" else f"{at.day} {at:%b %H:%M}"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


encode = msgspec.json.Encoder().encode
