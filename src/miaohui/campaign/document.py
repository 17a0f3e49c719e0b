"""The campaign document: one Struct for each of its sections.

Dates without a zone are in `zone`; windows are [start, end); money is decimal in the text and an integer of the currency's
smallest unit here. Every text that customers read is Chinese and English. A name that refers to something must exist.
"""

from typing import Annotated, Literal

from msgspec import Struct, field

from miaohui.campaign.fission import Fission
from miaohui.campaign.goals import Budget, Goal, Incentive
from miaohui.campaign.offer import Collected, Logistics, Merchandise, Merchant, Page, PlayTable, Strategy, Venue
from miaohui.campaign.phases import Phases
from miaohui.campaign.reach import Content, Journey
from miaohui.campaign.stacking import Stacking
from miaohui.campaign.terms import Name, Person, told
from miaohui.campaign.work import Approval, Control, Risk, Task
from miaohui.text import Text

NOT_RUN = ("journeys", "content")
"""Sections that are kept and checked for form, and that nothing acts on yet."""


class Document(Struct, frozen=True, kw_only=True):
    """One campaign. Its fields stand in the order in which they are read: what a later one needs comes first."""

    campaign: Annotated[Name, told("Its id: stands in accounts and addresses, never changes", "活动编号，不可更改")]
    name: Annotated[Text, told("What customers call it", "活动名称")]
    theme: Annotated[Text | None, told("What it is about, in a few words", "主题")] = None
    kind: Annotated[Literal["user", "promotional", "brand"], told("What kind of campaign", "类型：用户、促销、品牌")]
    purpose: Annotated[
        tuple[Literal["orders", "new_customers", "active_customers", "members", "traffic", "brand"], ...],
        told("What it is for", "目的：订单、新客、活跃、会员、流量、品牌"),
    ] = ()
    class_: Annotated[
        Literal["", "shopping_festival", "lunar_festival", "own_day", "fission", "brand", "hot_spot"],
        told("Lead times, curve and thresholds of the preflight come from it", "类别：决定提前期、曲线和检查阈值"),
    ] = field(name="class", default="")
    occasion: Annotated[str, told("The day of the calendar it belongs to", "日历上的节点")] = ""
    zone: Annotated[str, told("IANA time zone of its days; by default the workspace's", "时区，默认为工作区的")] = ""
    currency: Annotated[str, told("ISO 4217 code; by default the workspace's", "货币，默认为工作区的")] = ""
    owner: Annotated[Person, told("Who answers for it", "负责人")] = ""
    phases: Annotated[Phases, told("When", "阶段")]
    strategy: Annotated[Strategy | None, told("How it persuades", "促销策略")] = None
    goals: Annotated[dict[Name, Goal], told("What it is to reach", "目标")] = {}
    budget: Annotated[Budget | None, told("What it may cost", "预算")] = None
    incentives: Annotated[tuple[Incentive, ...], told("What the team gets", "团队激励")] = ()
    audiences: Annotated[dict[Name, str], told("Who: one line of text each", "人群，每个一行条件")] = {}
    control: Annotated[Control, told("Who is left alone", "对照组")] = Control()
    risk: Annotated[Risk, told("Against abuse", "风控")] = Risk()
    merchants: Annotated[dict[Name, Merchant], told("Who takes part", "参与商家")] = {}
    products: Annotated[dict[Name, Merchandise], told("What is sold", "商品")] = {}
    stacking: Annotated[Stacking | None, told("How its promotions go together", "促销怎样叠加")] = None
    logistics: Annotated[Logistics | None, told("How it is delivered", "物流")] = None
    plays: Annotated[dict[Name, PlayTable], told("What customers do", "玩法")] = {}
    venue: Annotated[Venue, told("Where it takes place", "会场")] = Venue()
    pages: Annotated[dict[Name, Page], told("What customers see", "页面")] = {}
    journeys: Annotated[dict[Name, Journey], told("What happens to one person", "旅程")] = {}
    content: Annotated[dict[Name, Content], told("What is said", "内容")] = {}
    tasks: Annotated[tuple[Task, ...], told("What must be done before", "任务分工")] = ()
    fission: Annotated[Fission | None, told("How it spreads from customer to customer", "裂变方案")] = None
    collect: Annotated[dict[Name, Collected], told("What is recorded, and why", "要收集的数据")] = {}
    approval: Annotated[Approval, told("Who must agree", "审批")] = Approval()
