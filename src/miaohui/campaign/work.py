"""Who does what, who signs, what is held back against abuse, and the control group."""

from typing import Annotated, Literal

from msgspec import Struct, field

from miaohui.campaign.terms import Name, NotNegative, Person, TaskName, told
from miaohui.text import Text


class Task(Struct, frozen=True, kw_only=True):
    """One piece of work of the preparation."""

    id: Annotated[Name, told("Its name, for `after`", "任务名")]
    title: Annotated[Text, told("What is to be done", "要做什么")]
    department: Annotated[str, told("Whose work it is", "部门")] = ""
    owner: Annotated[Person, told("Who does it", "负责人")] = ""
    workdays: Annotated[int, told("How long it takes, in workdays", "工期（工作日）", ge=0, le=400)] = 1
    after: Annotated[tuple[TaskName, ...], told("What must be finished first", "前置任务")] = ()
    material: Annotated[tuple[str, ...], told("What is handed over: poster 1080x1920", "交付物料")] = ()
    phase: Annotated[
        Literal["prepare", "warm_up", "live", "wrap_up"],
        told("The phase it belongs to; it must be done when that ends", "所属阶段，要在该阶段结束前完成"),
    ] = "prepare"
    begins_ms: Annotated[int | None, told("Not before this day", "不早于这一天开始")] = None
    remind_days: Annotated[
        int, told("Days before its last day on which its owner is reminded", "到期前几天提醒负责人", ge=0, le=60)
    ] = 1


class Sign(Struct, frozen=True, kw_only=True):
    """A signature that is needed, always or on a condition."""

    who: Annotated[str, told("A department or an operator", "谁签字", min_length=1)]
    above_minor: Annotated[NotNegative | None, told("When more money than this is at stake", "涉及金额超过多少时")] = (
        None
    )
    people: Annotated[NotNegative | None, told("When more people than this are reached", "触达人数超过多少时")] = None
    if_: Annotated[
        str, told("When it has this: draw, commission, personal, messages, override, or a play", "含有什么时")
    ] = field(name="if", default="")


class Approval(Struct, frozen=True, kw_only=True):
    """Who must agree before the campaign opens; nothing written: one who may approve. See `signatures`."""

    signs: Annotated[tuple[Sign, ...], told("Signatures that are needed", "需要的签字")] = ()


class Risk(Struct, frozen=True, kw_only=True):
    """What keeps the campaign's money where it belongs."""

    hold_rewards_days: Annotated[
        int, told("Days a reward waits, as long as refunds", "奖励冻结天数，与退货期相同", ge=0, le=365)
    ] = 0
    refund: Annotated[
        Literal["allocated", "rerate_down", "forfeit_gift"],
        told("What a partial refund gives back", "部分退款：按分摊退、重新计价、收回赠品"),
    ] = "allocated"
    identities: Annotated[
        tuple[
            Literal["account", "phone", "device", "address", "email", "payment", "wechat_openid", "wechat_unionid"], ...
        ],
        told("By what a person is known when a limit is counted", "限购按哪些身份计", min_length=1),
    ] = ("account",)


class Control(Struct, frozen=True, kw_only=True):
    """Customers who are left alone, so that the review can tell what the campaign did."""

    share_ppm: Annotated[
        int,
        told(
            "Percent of those who would be reached, frozen at launch",
            "对照组比例（%），启动时按散列固定",
            ge=0,
            le=500_000,
        ),
    ] = 0
