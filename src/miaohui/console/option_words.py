"""What the few words mean that a field of the document may hold, as the form shows them. A play's own options show as they
are written.

The document says `kind = "promotional"`; whoever fills in the form reads "Promotion".
"""

from collections.abc import Mapping

from miaohui.calendar import lead
from miaohui.planning.fission import MODES
from miaohui.text import Text

_MODES = {
    "stack": Text("都享", "All apply"),
    "first": Text("只享第一个", "The first applies"),
    "best": Text("取最优", "The best applies"),
    "best by line": Text("每行取最优", "The best for each line"),
}
_LANES = {
    "activity": Text("活动价", "Prices of products"),
    "item": Text("单品优惠", "Off units and lines"),
    "units": Text("组合优惠", "Bundles, buy and get"),
    "order": Text("订单优惠", "Off the order, gifts"),
    "coupon": Text("优惠码", "Codes"),
    "points": Text("积分抵扣", "Points"),
}
WORDS: Mapping[str, Mapping[str, Text]] = {
    "kind": {
        "user": Text("用户活动", "User activity"),
        "promotional": Text("促销活动", "Promotion"),
        "brand": Text("品牌活动", "Brand"),
        "channel": Text("渠道", "Channel"),
        "material": Text("物料", "Material"),
        "people": Text("人员", "People"),
        "other": Text("其他", "Other"),
        "online": Text("线上", "Online"),
        "shops": Text("门店", "Shops"),
        "both": Text("线上与门店", "Online and shops"),
    },
    "purpose": {
        "orders": Text("订单与成交额", "Orders and sales"),
        "new_customers": Text("新客", "New customers"),
        "active_customers": Text("活跃", "Active customers"),
        "members": Text("会员", "Members"),
        "traffic": Text("流量", "Traffic"),
        "brand": Text("品牌", "Brand"),
    },
    "class": {name: title for name, title in lead.NAMES.items() if name},
    "levers": {
        "price": Text("价格", "Price"),
        "scarcity": Text("稀缺", "Scarcity"),
        "company": Text("结伴", "Company"),
        "gift": Text("赠礼", "Gifts"),
        "game": Text("游戏", "Game"),
        "service": Text("服务", "Service"),
        "story": Text("故事", "Story"),
    },
    "offers_stack": {
        "none": Text("不叠加", "Only one applies"),
        "best": Text("取最优", "The best of each kind"),
        "all": Text("全部叠加", "All apply"),
    },
    "role": {
        "execution": Text("执行：做没做", "Execution: did we do it"),
        "response": Text("响应：有没有效", "Response: did it work"),
        "hero": Text("主推", "Hero"),
        "traffic": Text("引流", "Traffic"),
        "profit": Text("利润", "Profit"),
        "gift": Text("赠品", "Gift"),
    },
    "refund": {
        "allocated": Text("按分摊退", "What was paid for it"),
        "rerate_down": Text("重新计价", "Priced anew without it"),
        "forfeit_gift": Text("收回赠品", "The gift goes back too"),
    },
    "identities": {
        "account": Text("账号", "Account"),
        "phone": Text("手机号", "Phone"),
        "device": Text("设备", "Device"),
        "address": Text("收货地址", "Address"),
        "email": Text("邮箱", "E-mail"),
        "payment": Text("支付账号", "Payment account"),
        "wechat_openid": Text("微信 openid", "WeChat openid"),
        "wechat_unionid": Text("微信 unionid", "WeChat unionid"),
    },
    "part": {
        "own": Text("自营", "Our own"),
        "brand": Text("品牌方", "Brand"),
        "supplier": Text("供应商", "Supplier"),
        "partner": Text("合作方", "Partner"),
    },
    "phase": {
        "prepare": Text("筹备", "Preparation"),
        "warm_up": Text("预热", "Warm-up"),
        "live": Text("正式", "Live"),
        "wrap_up": Text("收尾", "Wrap-up"),
    },
    "by": {"lanes": Text("按层", "Lane by lane"), "priority": Text("只按优先级", "By priority alone")},
    "base": {
        "lane": Text("本层开始时的金额", "The cart when the lane begins"),
        "running": Text("当时的金额", "The cart as it is then"),
    },
    "mode": {name: mode.title for name, mode in MODES.items()},
    "true or false": {"true": Text("是", "Yes"), "false": Text("否", "No")},
    **dict.fromkeys(_LANES, _MODES | _LANES),
    "shipping": _MODES | _LANES,
}  # fmt: skip
"""Key of a field -> option -> what it means."""


def meaning(key: str, option: str) -> Text:
    """What `option` means in the field `key`; as it is written where nothing better is known."""
    found = WORDS.get(key, {}).get(option) or WORDS["true or false"].get(option)
    return found or Text(option, option)
