"""How a campaign spreads from customer to customer: channels, modes compared, the expected chain, the bait."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from miaohui.campaign.terms import Name, NotNegative, told

ModeName = Literal[
    "split_coupon", "group_buy", "friend_booster", "bargain", "pk_board", "distribution", "cross_industry"
]

Ppm = Annotated[int, Meta(ge=0, le=1_000_000)]
Score = Annotated[int, told("1 to 5", "1 到 5", ge=1, le=5)]


class Inventory(Struct, frozen=True, kw_only=True):
    """One channel through which the campaign can begin to spread."""

    people: Annotated[NotNegative, told("How many people it reaches", "能触达多少人")]
    seeds_ppm: Annotated[
        int, told("Percent of them who take part without a friend", "其中自己来参加的比例（%）", ge=0, le=1_000_000)
    ] = 0
    cost_minor: Annotated[int, told("What it costs to tell one of them", "触达一人的成本", ge=0)] = 0


class ModeScores(Struct, frozen=True, kw_only=True):
    """One mode of spreading, scored 1 to 5."""

    enforceability: Annotated[Score, told("Can we run it, does it hold", "可执行性，1 到 5")]
    influence: Annotated[Score, told("How far it carries", "影响力，1 到 5")]
    difficulty: Annotated[Score, told("How hard it is for the customer; less is better", "顾客难度，越低越好，1 到 5")]
    cost: Annotated[Score, told("What it costs us; less is better", "成本，越低越好，1 到 5")]


class Weights(Struct, frozen=True, kw_only=True):
    """How much each criterion counts."""

    enforceability: Annotated[NotNegative, told("Weight of enforceability", "可执行性的权重")] = 35
    influence: Annotated[NotNegative, told("Weight of influence", "影响力的权重")] = 30
    difficulty: Annotated[NotNegative, told("Weight of difficulty", "难度的权重")] = 15
    cost: Annotated[NotNegative, told("Weight of cost", "成本的权重")] = 20


class Chances(Struct, frozen=True, kw_only=True):
    """What is expected of one who takes part."""

    seeds: Annotated[NotNegative, told("Who begin, without a friend", "种子人数")] = 2_000
    share_ppm: Annotated[int, told("Percent who share", "分享率（%）", ge=0, le=1_000_000)] = 350_000
    reach: Annotated[Decimal, told("People whom one share reaches", "一次分享看到的人数")] = Decimal(12)
    open_ppm: Annotated[int, told("Percent of them who look", "打开率（%）", ge=0, le=1_000_000)] = 300_000
    join_ppm: Annotated[int, told("Percent of those who join", "参加率（%）", ge=0, le=1_000_000)] = 450_000
    decay_ppm: Annotated[
        int, told("Percent of that which is left in the next wave", "每一波的衰减（%）", ge=0, le=1_000_000)
    ] = 700_000
    ceiling: Annotated[int, told("All who could ever join", "可能参加的总人数", ge=1)] = 200_000


class BaitOffer(Struct, frozen=True, kw_only=True):
    """What is given, and how it changes the chances."""

    joiner_minor: Annotated[int, told("To each who joins through a friend", "给每位被带来的人", ge=0)] = 0
    sharer_minor: Annotated[int, told("To each who shares", "给每位分享者", ge=0)] = 0
    share_ppm: Annotated[Ppm | None, told("Percent who share with this bait", "用此诱饵的分享率（%）")] = None
    join_ppm: Annotated[Ppm | None, told("Percent who join with this bait", "用此诱饵的参加率（%）")] = None


class Fission(Struct, frozen=True, kw_only=True):
    """The plan of the spreading. The mode that was chosen becomes a play, if this version runs it."""

    mode: Annotated[ModeName | None, told("The mode that was chosen", "选定的裂变方式")] = None
    channels: Annotated[dict[Name, Inventory], told("The channels there are", "渠道盘点")] = {}
    weights: Annotated[Weights, told("How much each criterion counts", "各项权重")] = Weights()
    scores: Annotated[dict[Name, ModeScores], told("Modes with their scores", "各裂变方式的评分")] = {}
    chances: Annotated[Chances, told("What is expected of one who takes part", "裂变链假设")] = Chances()
    baits: Annotated[dict[Name, BaitOffer], told("What is given for it, compared", "诱饵对比")] = {}
