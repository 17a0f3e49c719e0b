"""With what: strategy, products and merchants, delivery, and the plays."""

from typing import Annotated, Literal

from msgspec import Struct, field

from miaohui.campaign.terms import (
    AudienceName,
    MerchantName,
    NotNegative,
    Person,
    PlayName,
    Positive,
    ProductName,
    told,
)
from miaohui.plays._fields import Span
from miaohui.text import Text


class Rate(Struct, frozen=True):
    """At most `count` actions of one customer in `seconds`."""

    count: int
    seconds: int


class Strategy(Struct, frozen=True, kw_only=True):
    """How the campaign persuades, in one place, before any play is chosen."""

    promise: Annotated[Text, told("One sentence that customers remember", "一句话打动顾客")]
    reason: Annotated[str, told("Why now, why these customers", "为什么是现在、为什么是这些人")] = ""
    levers: Annotated[
        tuple[Literal["price", "scarcity", "company", "gift", "game", "service", "story"], ...],
        told("What moves people to act", "靠什么促成：价格、稀缺、结伴、赠礼、游戏、服务、故事"),
    ] = ()
    bait: Annotated[str, told("What makes a customer tell the next one", "传播的诱饵")] = ""
    offers_stack: Annotated[
        Literal["none", "best", "all"],
        told("How offers of this campaign meet on one order", "优惠叠加：不叠加、取最优、全部叠加"),
    ] = "none"
    not_for: Annotated[str, told("Whom it is not for, what it must not become", "不针对谁、要避免什么")] = ""


class Merchandise(Struct, frozen=True, kw_only=True):
    """One product of the campaign. What is not written here comes from the shop's product."""

    sku: Annotated[str, told("The shop's product; without it, the name used here", "店铺商品编号，默认同名")] = ""
    title: Annotated[Text | None, told("How customers read it", "顾客看到的名称")] = None
    price_minor: Annotated[NotNegative | None, told("List price", "标价")] = None
    cost_minor: Annotated[NotNegative | None, told("What one costs the shop", "成本")] = None
    min_price_minor: Annotated[
        NotNegative | None, told("No promotion takes it below this", "最低价：促销叠加后不低于此价")
    ] = None
    stock: Annotated[NotNegative | None, told("Pieces set aside for the campaign", "活动备货（件）")] = None
    merchant: Annotated[MerchantName, told("Who supplies it", "供货方")] = ""
    role: Annotated[
        Literal["hero", "traffic", "profit", "gift"], told("What it does here", "角色：主推、引流、利润、赠品")
    ] = "hero"


class Merchant(Struct, frozen=True, kw_only=True):
    """A shop, brand or supplier that takes part."""

    title: Annotated[Text, told("How customers read it", "顾客看到的名称")]
    part: Annotated[
        Literal["own", "brand", "supplier", "partner"], told("In what part", "角色：自营、品牌方、供应商、合作方")
    ]
    bears_ppm: Annotated[
        int, told("Percent of the discounts it pays for", "承担优惠的比例（%）", ge=0, le=1_000_000)
    ] = 0
    contact: Annotated[str, told("Whom we call there", "对方联系人")] = ""
    owner: Annotated[Person, told("Who of us looks after it", "我方对接人")] = ""


class Logistics(Struct, frozen=True, kw_only=True):
    """How what is sold reaches the customer."""

    ships_from: Annotated[str, told("Warehouse or shop", "发货地")] = ""
    ships_within_hours: Annotated[Positive | None, told("From payment to dispatch, hours", "付款后多少小时内发货")] = (
        None
    )
    carriers: Annotated[tuple[str, ...], told("Who delivers", "承运方")] = ()
    regions: Annotated[tuple[str, ...], told("Where to; nothing written: everywhere", "配送范围，不写为不限")] = ()
    free_from_minor: Annotated[NotNegative | None, told("Delivery is free from this basket on", "满多少包邮")] = None
    last_order_ms: Annotated[
        int | None, told("Ordered until then it arrives for the occasion", "节前送达的最后下单时间")
    ] = None
    return_days: Annotated[NotNegative | None, told("Days in which goods may come back", "几天内可退")] = None
    pickup: Annotated[bool, told("Customers may fetch it themselves", "可自提")] = False
    note: Annotated[Text | None, told("What customers should know about delivery", "给顾客的配送说明")] = None


class Head(Struct, frozen=True, kw_only=True):
    """What all plays share. The other keys of a play's table are the `Rules` of its module."""

    play: Annotated[str, told("The play's module: coupon, flash_sale ...", "玩法")]
    title: Annotated[
        Text | None, told("How customers read it; by default the play's", "顾客看到的名称，默认同玩法")
    ] = None
    for_: Annotated[
        AudienceName, told("The audience it is for; nothing written: everybody", "面向人群，不写为所有人")
    ] = field(name="for", default="")
    consent: Annotated[str, told("What a customer must have agreed to", "须先同意的条款")] = ""
    rate: Annotated[Rate, told('How often one customer may act: "20 per 10 s"', "每位顾客的频率上限")] = Rate(20, 10)
    budget_minor: Annotated[NotNegative | None, told("The most this play may promise", "本玩法预算")] = None
    opens_ms: Annotated[int | None, told("When it opens; by default live", "开放时间，默认 live")] = None
    closes_ms: Annotated[int | None, told("When it closes; by default wrap_up", "关闭时间，默认 wrap_up")] = None


class PlayTable(Struct, frozen=True, kw_only=True):
    """One play of the campaign: the head, its window [start, end), and the rules of its module (None while something that they
    need is missing)."""

    head: Head
    span: Span
    rules: Struct | None


class Collected(Struct, frozen=True, kw_only=True):
    """One thing that is recorded so that it can be known afterwards."""

    event: Annotated[str, told("The event that carries it: page.viewed, order.paid ...", "对应事件", min_length=1)]
    why: Annotated[str, told("The question it answers", "用来回答什么", min_length=1)]
    keep_days: Annotated[int, told("Days it is kept", "保存天数", ge=1, le=3650)] = 730
    personal: Annotated[bool, told("Tells something about a person: needs his consent", "涉及个人信息，须经同意")] = (
        False
    )
    owner: Annotated[Person, told("Who looks after it", "负责人")] = ""


class Venue(Struct, frozen=True, kw_only=True):
    """Where the campaign takes place, online and off."""

    kind: Annotated[Literal["online", "shops", "both"], told("Where", "线上、门店或两者")] = "online"
    place: Annotated[Text | None, told("Where customers come to", "地点")] = None
    entrances: Annotated[tuple[str, ...], told("Ways in: poster, official account, counter ...", "入口")] = ()


class Page(Struct, frozen=True, kw_only=True):
    """A page of the campaign: its plays from top to bottom."""

    title: Annotated[Text | None, told("Its heading; without it, the campaign's name", "标题，默认为活动名称")] = None
    plays: Annotated[tuple[PlayName, ...], told("From top to bottom", "玩法，从上到下")] = ()
    products: Annotated[tuple[ProductName, ...], told("Products that are shown", "展示的商品")] = ()
    poster: Annotated[str, told("The picture at the top", "头图")] = ""
