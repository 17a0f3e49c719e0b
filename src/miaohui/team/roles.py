"""Roles and permissions. Pages and calls check a permission by its name; a role is a set of names.

| role     | is for                                                              |
|----------|---------------------------------------------------------------------|
| viewer   | people who look: figures, reviews, the ledger                       |
| operator | people who plan and run campaigns, and stop what goes wrong         |
| admin    | who approves, connects the shop, and keeps the team                 |
"""

from typing import Literal

from miaohui.text import Text

Role = Literal["viewer", "operator", "admin"]

PERMISSIONS: dict[str, Text] = {
    "campaign.view": Text("看活动、作战室和复盘", "see campaigns, war rooms and reviews"),
    "ledger.view": Text("看账本", "see the ledger"),
    "ledger.audit": Text("对账", "audit the ledger"),
    "audience.count": Text("数人群", "count audiences"),
    "customer.view": Text("查顾客", "look up customers"),
    "campaign.edit": Text("写活动文档，提交审批，归档", "write campaign documents, submit and archive them"),
    "code.edit": Text("生成、导出和作废一次性优惠码", "make, export and withdraw codes that work once"),
    "calendar.edit": Text("改营销日历、筹备时长和模板", "change the calendar, lead times and templates"),
    "campaign.open": Text("上线、暂停、恢复活动", "open, pause and resume campaigns"),
    "campaign.stop": Text("停止活动", "stop campaigns"),
    "audit.view": Text("看操作记录", "see the audit log"),
    "campaign.approve": Text("批准或退回活动", "approve or reject campaigns"),
    "preflight.edit": Text("改检查的阈值", "change the thresholds of the preflight"),
    "webhook.edit": Text("设置回调地址", "set webhooks"),
    "key.edit": Text("发放和吊销接口密钥", "give out and revoke API keys"),
    "team.edit": Text("管理操作员", "keep the team"),
}

_VIEWER = frozenset({"campaign.view", "ledger.view", "audience.count"})
_OPERATOR = _VIEWER | {
    "customer.view",
    "ledger.audit",
    "campaign.edit",
    "code.edit",
    "calendar.edit",
    "campaign.open",
    "campaign.stop",
    "audit.view",
}

ROLES: dict[str, frozenset[str]] = {"viewer": _VIEWER, "operator": _OPERATOR, "admin": frozenset(PERMISSIONS)}

ROLE_NAMES: dict[str, Text] = {
    "viewer": Text("查看", "Viewer"),
    "operator": Text("运营", "Operator"),
    "admin": Text("管理员", "Administrator"),
}


def roles_with(permission: str) -> list[str]:
    """The roles that hold `permission`, the smallest first."""
    assert permission in PERMISSIONS, permission
    return [role for role, held in ROLES.items() if permission in held]
