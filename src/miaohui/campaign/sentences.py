"""Everything that can be wrong with the form of a document: code, how bad it is, what is said, and what helps. What is well
written and still wrong, the rules of `preflight` say, each in its own module.

A *stop* must be put right before the campaign can be submitted; a *warn* should be read; a *hint* is for information. Texts are
filled with the offending value.
"""
# ruff: noqa: E501 - a table is read across

from typing import Literal

from msgspec import Struct

from miaohui.text import Text

Level = Literal["stop", "warn", "hint"]


class Kept(Struct, frozen=True):
    """What is said about one code: what is wrong, what to do, and why it matters: the threshold and what is known about it.
    `overridable`: a stop that two people may set aside with a reason."""

    level: Level
    what: Text
    remedy: Text
    why: Text | None = None
    overridable: bool = False


def _stop(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Kept:
    return Kept("stop", Text(zh, en), Text(remedy_zh, remedy_en))


def _warn(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Kept:
    return Kept("warn", Text(zh, en), Text(remedy_zh, remedy_en))


CODES: dict[str, Kept] = {
    # form
    "syntax": _stop("这不是合法的 TOML：{value}", "This is not TOML: {value}", "检查引号、括号和等号", "Look at the quotes, brackets and equals signs of this line"),
    "unknown_key": _stop("没有 {key} 这一项", "There is no key called {key}", "{known}", "{known}"),
    "missing_key": _stop("缺少 {key}", "{key} is missing", "补上 {key}：{expected}", "Add {key}: {expected}"),
    "wrong_type": _stop("{value} 不对：应为{expected}", "{value} does not fit here: expected {expected}", "改写为{expected}", "Write {expected}"),
    "bad_choice": _stop("{value} 不是可选值", "{value} is not one of the choices", "从中选一个：{known}", "Choose one of {known}"),
    "too_small": _stop("{value} 太小：至少 {limit}", "{value} is too small: at least {limit}", "改为不小于 {limit} 的值", "Write {limit} or more"),
    "too_large": _stop("{value} 太大：至多 {limit}", "{value} is too large: at most {limit}", "改为不大于 {limit} 的值", "Write {limit} or less"),
    "bad_name": _stop("{value} 不能用作名称", "{value} cannot be a name here", "用小写字母、数字和连字符，以字母开头，至多 {limit} 个", "Use small letters, digits and hyphens, beginning with a letter, {limit} at most"),
    "bad_text": _stop("{value} 的写法不对", "{value} is not written as it should be", "应符合 {expected}", "It must match {expected}"),
    "too_short_text": _stop("这里要写字", "There must be something written here", "写上内容", "Write something"),
    "missing_language": _stop("{key} 缺少{language}文本", "{key} has no {language} text", "顾客看到的文字要写中英文：{{ zh = \"…\", en = \"…\" }}", "What customers read stands in both languages: {{ zh = \"…\", en = \"…\" }}"),
    "too_few": _stop("{key} 至少要有 {limit} 项", "{key} needs at least {limit}", "补足 {limit} 项", "Add more, up to {limit}"),
    "too_many_digits": _stop("{value} 的小数位多于 {currency} 的最小单位", "{value} has more digits than {currency} carries", "小数点后至多 {limit} 位", "Write at most {limit} digits after the point"),
    "percent_digits": _stop("百分比 {value} 的小数位太多", "{value} percent has too many digits", "小数点后至多 4 位", "Write at most 4 digits after the point"),
    "bad_offer": _stop("看不懂优惠 {value}", "{value} is not an offer", "写成 \"40.00 off 199.00\"（满减）或 \"5.00 off\"（立减）", "Write \"40.00 off 199.00\", or \"5.00 off\" for any basket"),
    "bad_gives": _stop("看不懂优惠 {value}", "{value} is not something a promotion gives", "如 \"20.00 off 100.00\"、\"10 % off\"、\"3 for 99.00\"、\"2nd at 50 %\"、\"free shipping\"", "Write such as \"20.00 off 100.00\", \"10 % off\", \"3 for 99.00\", \"2nd at 50 %\", \"free shipping\""),
    "bad_option": _stop("{of} 没有 {value} 这种说法", "{value} cannot be said of {of}", "去掉它，或看 docs/plays/promotion.md 里的写法", "Take it out, or see the forms in docs/plays/promotion.md"),
    "bad_when": _stop("看不懂条件 {value}", "{value} is not a condition", "如 \"spend 100.00\"、\"3 pieces of tea\"、\"fri sat 18:00-22:00\"、\"first order\"", "Write such as \"spend 100.00\", \"3 pieces on tea\", \"fri sat 18:00-22:00\", \"first order\""),
    "bad_scope": _stop("看不懂范围 {value}", "{value} does not say which products", "写商品名、\"category …\"、\"not …\" 或 \"price 5.00 to 50.00\"", "Write a name of [products], \"category ...\", \"not ...\", or \"price 5.00 to 50.00\""),
    "bad_rate": _stop("看不懂频率 {value}", "{value} is not a rate", "写成 \"10 per 10 s\"，10 秒内至多 10 次", "Write \"10 per 10 s\": at most 10 in 10 seconds"),
    "bad_time": _stop("看不懂时间 {value}", "{value} is not a time", "写成 2026-09-20T20:00:00，或 \"live + 1 day 20:00\"", "Write 2026-09-20T20:00:00, or \"live + 1 day 20:00\""),
    "bad_window": _stop("看不懂时段 {value}", "{value} is not a window", "写成 \"live 20:00 for 30 minutes\"", "Write \"live 20:00 for 30 minutes\""),
    "no_such_time": _stop("{zone} 在 {value} 拨快时钟，没有这个时刻", "{value} does not exist in {zone}: the clocks skip it", "改为 {instead}，或另选时刻", "Write {instead}, or choose another time"),
    "unknown_zone": _stop("没有时区 {value}", "There is no time zone called {value}", "写 IANA 名称，如 {known}", "Write its IANA name, such as {known}"),
    "unknown_currency": _stop("没有货币 {value}", "There is no currency called {value}", "写 ISO 4217 代码，如 CNY、USD", "Write its ISO 4217 code, such as CNY or USD"),
    # names that refer to something
    "unknown_phase": _stop("没有阶段 {value}", "There is no phase called {value}", "{known}", "{known}"),
    "unknown_play": _stop("没有玩法 {value}", "There is no play called {value}", "{known}", "{known}"),
    "unknown_audience": _stop("没有人群 {value}", "There is no audience called {value}", "{known}", "{known}"),
    "unknown_product": _stop("没有商品 {value}", "There is no product called {value}", "{known}", "{known}"),
    "unknown_play_here": _stop("本活动没有玩法 {value}", "This campaign has no play called {value}", "{known}", "{known}"),
    "unknown_goal": _stop("没有目标 {value}", "There is no goal called {value}", "{known}", "{known}"),
    "unknown_content": _warn("没有内容 {value}", "There is no content called {value}", "{known}", "{known}"),
    "unknown_merchant": _stop("没有商家 {value}", "There is no merchant called {value}", "{known}", "{known}"),
    "unknown_task": _warn("没有任务 {value}", "There is no task called {value}", "{known}", "{known}"),
    "unknown_person": _warn("团队里没有 {value}", "Nobody on the team is called {value}", "{known}", "{known}"),
    # what its own form cannot say
    "rules_refused": _stop("{value}", "{value}", "照所说的改正", "Correct what the sentence names"),
    "no_plays": _warn("没有玩法", "There are no plays", "至少加一个 [plays.<名称>]", "Add at least one [plays.<name>]"),
}  # fmt: skip
