"""Reaching people: journeys and what they send. Kept and checked for form; this version does not run them."""

from typing import Annotated

from msgspec import Struct, field

from miaohui.campaign.terms import ContentName, NotNegative, told
from miaohui.text import Text


class Step(Struct, frozen=True, kw_only=True):
    """One step of a journey: send something, wait for something, or decide."""

    id: Annotated[str, told("Its name in this journey", "步骤名", min_length=1)]
    send: Annotated[str, told("The channel something is sent through", "发送渠道")] = ""
    content: Annotated[ContentName, told("What is sent: a name of [content]", "发送的内容")] = ""
    when: Annotated[str, told("Time of day: morning, afternoon, evening, best", "时段")] = ""
    wait: Annotated[str, told("How long to wait: 3 days", "等多久")] = ""
    or_: Annotated[str, told("What ends the wait early: order.paid", "提前结束等待的事件")] = field(
        name="or", default=""
    )
    if_: Annotated[str, told("A condition: done(order.paid)", "条件")] = field(name="if", default="")
    then: Annotated[str, told("The step if it holds; exit ends the journey", "满足则到哪一步，exit 为结束")] = ""
    otherwise: Annotated[str, told("The step if it does not", "不满足则到哪一步")] = ""


class Caps(Struct, frozen=True, kw_only=True):
    """How much one person may be told."""

    per_day: Annotated[NotNegative | None, told("Messages a day", "每天至多几条")] = None
    per_week: Annotated[NotNegative | None, told("Messages a week", "每周至多几条")] = None
    quiet: Annotated[str, told("Hours of rest: 21:30-09:00", "免打扰时段", pattern=r"^$|^\d\d:\d\d-\d\d:\d\d$")] = ""


class Journey(Struct, frozen=True, kw_only=True):
    """What happens to one person, step by step, from the moment he enters."""

    enter: Annotated[str, told("Who enters, and when: audience silent", "谁、何时进入", min_length=1)]
    steps: Annotated[tuple[Step, ...], told("From the first step on", "步骤", min_length=1)]
    goal: Annotated[str, told("What ends it as a success", "达成即结束")] = ""
    caps: Annotated[Caps, told("How much one person may be told", "频次上限")] = Caps()


class Content(Struct, frozen=True, kw_only=True):
    """Something that is sent or shown."""

    channel: Annotated[str, told("The channel it is written for: sms, wechat_oa, email ...", "渠道", min_length=1)]
    text: Annotated[Text, told("What is said; {{ name }} is filled in", "正文，{{ name }} 会被填上")]
    subject: Annotated[Text | None, told("Its subject line", "标题")] = None
    poster: Annotated[str, told("The picture that goes with it", "配图")] = ""
