"""What for: a tree of goals, and the money it may cost.

A goal is measured (`measure`, by default the goal's own name) or worked out from other goals (`is = "visitors * conversion *
basket"`, or a sum). An *execution* goal asks whether we did it, a *response* goal whether it worked: the two halves of a review.
"""

import re
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from miaohui.campaign.terms import AudienceName, GoalName, NotNegative, Person, told
from miaohui.text import Text

MEASURES = {
    "gmv": Text(zh="成交额", en="sales, net of discount"),
    "basket": Text(zh="客单价", en="sales for each paid order"),
    "conversion": Text(zh="转化率", en="paid orders for each hundred visitors"),
    "visitors": Text(zh="访客", en="customers who saw a page"),
    "reached": Text(zh="触达人数", en="customers who were told"),
    "participants": Text(zh="参与人数", en="customers who took part in a play"),
    "orders": Text(zh="支付订单", en="paid orders"),
    "customers": Text(zh="下单顾客", en="customers with a paid order"),
    "new_customers": Text(zh="新客", en="customers with their first paid order"),
    "members": Text(zh="新会员", en="customers who became members"),
    "followers": Text(zh="新关注", en="customers who began to follow the account"),
    "coupons": Text(zh="领券数", en="coupons taken"),
    "redeemed": Text(zh="用券数", en="coupons used in a paid order"),
    "parties": Text(zh="成团数", en="groups completed"),
    "repurchase": Text(zh="复购率", en="buyers of a hundred who bought again"),
    "sends": Text(zh="发送数", en="messages sent"),
}
"""What a goal may be measured by."""


MONEY = frozenset({"gmv", "basket"})
RATES = frozenset({"conversion", "repurchase"})
RATIOS = RATES | {"basket"}
"""Measures in the campaign's currency; in percent; and those that are the same on every day instead of adding up."""


class Goal(Struct, frozen=True, kw_only=True):
    """One goal: its target in the measure's own unit (money in the campaign's currency, rates in percent, else a count)."""

    target: Annotated[Decimal, told("What is to be reached, in the unit of its measure", "目标值，单位随衡量方式")]
    measure: Annotated[
        str, told("What it is measured by; without it, the goal's own name", "衡量方式，默认同目标名")
    ] = ""
    is_: Annotated[str, told("Other goals, joined by * or by +", "由其他目标相乘或相加")] = field(name="is", default="")
    role: Annotated[
        Literal["execution", "response"], told("Did we do it, or did it work", "执行类：做没做；响应类：有没有效")
    ] = "response"
    owner: Annotated[Person, told("Who answers for it", "负责人")] = ""
    by: Annotated[dict[str, Decimal], told("The target's parts, by channel", "按渠道分解")] = {}
    by_audience: Annotated[dict[AudienceName, Decimal], told("The target's parts, by audience", "按人群分解")] = {}
    curve: Annotated[
        str,
        told(
            "Shape over the days: even, or the mean of cases: case:<campaign>, case:<campaign>",
            "按天的形状：even，或若干案例的平均：case:<活动>, case:<活动>",
        ),
        Meta(pattern=r"^(even|case:[a-z][a-z0-9_-]{0,63}(\s*,\s*case:[a-z][a-z0-9_-]{0,63})*)$"),
    ] = "even"
    people: Annotated[
        dict[Person, Decimal],
        told("Who carries it day by day, by capacity: 1 is a full day", "按天分给谁，按产能：1 为一整天"),
    ] = {}

    def parts(self) -> tuple[str, ...]:
        """The goals it is worked out from."""
        return tuple(part for part in re.split(r"[\s*+]+", self.is_) if part)

    def joins(self) -> Literal["", "*", "+"]:
        """How: a product, a sum, or not at all."""
        return "+" if "+" in self.is_ else "*" if self.is_ else ""

    def cases(self) -> tuple[str, ...]:
        """The campaigns whose shape it takes; none: even."""
        return tuple(re.findall(r"case:([a-z0-9_-]+)", self.curve))


class BudgetLine(Struct, frozen=True, kw_only=True):
    """Money set aside for one purpose outside the plays."""

    for_: Annotated[str, told("What for: sms, poster, influencer ...", "用途", min_length=1)] = field(name="for")
    amount_minor: Annotated[int, told("How much", "金额", ge=0)]
    kind: Annotated[
        Literal["channel", "material", "people", "other"],
        told("For a channel, for material, for people, or else", "类别：渠道、物料、人员、其他"),
    ] = "other"


class Budget(Struct, frozen=True, kw_only=True):
    """The money of the campaign. `total` stops new promises; what was promised is honoured."""

    total_minor: Annotated[int, told("The most the campaign may promise", "总预算：用完即停止新的发放", ge=0)]
    alarms: Annotated[tuple[int, ...], told("Percent of the total at which the console warns", "预警线（%）")] = (
        50,
        80,
        100,
    )
    margin_ppm: Annotated[
        int | None, told("Gross margin in percent of sales, for the expected return", "毛利率（%），用来估算回报")
    ] = None
    lines: Annotated[tuple[BudgetLine, ...], told("What is spent outside the plays", "玩法之外的支出")] = ()


class Incentive(Struct, frozen=True, kw_only=True):
    """What the team gets when a goal is reached."""

    who: Annotated[str, told("An operator, or the name of a department", "个人或部门", min_length=1)]
    goal: Annotated[GoalName, told("The goal that must be reached", "对应目标")]
    at: Annotated[int, told("Percent of the target that must be reached", "达成比例（%）", ge=1, le=1000)] = 100
    reward: Annotated[str, told("What they get, in words", "奖励", min_length=1)]
    value_minor: Annotated[NotNegative | None, told("What it costs", "奖励金额")] = None
