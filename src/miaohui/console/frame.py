"""The frame around every page of the console: side bar, search, language, the operator's menu.

`show(request, "console/home.html", ...)` is `page` with the frame's own words: `operator`, `role_name`,
`navigation`; pages of one campaign pass its title and its own entries as `within`.
"""

from typing import Any

from litestar import Response
from msgspec import Struct

from miaohui.console.guard import operator_of
from miaohui.pages.language import AnyRequest
from miaohui.pages.render import page
from miaohui.text import Text


class Entry(Struct, frozen=True):
    """A link of the side bar: shown to those who hold `permission` ("" shows it to all)."""

    path: str
    icon: str
    label: Text
    permission: str = ""
    count: int = 0


class Group(Struct, frozen=True):
    """Entries under a heading; the first group has none."""

    title: Text | None
    entries: tuple[Entry, ...]


TOP = Group(
    None,
    (
        Entry("/", "home", Text("今日", "Today")),
        Entry("/calendar", "calendar-event", Text("营销日历", "Calendar"), "campaign.view"),
        Entry("/campaigns", "speakerphone", Text("活动", "Campaigns"), "campaign.view"),
        Entry("/my-tasks", "list-check", Text("我的任务", "My tasks"), "campaign.view"),
    ),
)
ASSETS = Group(
    Text("资产", "Library"),
    (
        Entry("/ledger", "wallet", Text("账本", "Ledger"), "ledger.view"),
        Entry("/ledger/health", "heart", Text("账本健康", "Ledger health"), "ledger.view"),
        Entry("/preflight", "shield-check", Text("检查规则", "Preflight"), "campaign.view"),
    ),
)
TEAM = Group(
    Text("团队", "Team"),
    (
        Entry("/operators", "user-cog", Text("操作员", "Operators"), "team.edit"),
        Entry("/keys", "key", Text("接口密钥", "API keys"), "key.edit"),
        Entry("/webhooks", "webhook", Text("回调", "Webhooks"), "webhook.edit"),
        Entry("/audit", "history", Text("操作记录", "Audit log"), "audit.view"),
    ),
)


def show(
    request: AnyRequest, template: str, *, status: int = 200, within: Group | None = None, **context: Any
) -> Response[str]:
    """A page in the frame; `within` holds the entries of the campaign it belongs to."""
    operator = operator_of(request)
    groups = []
    for group in (TOP, *([within] if within else []), ASSETS, TEAM):
        entries = tuple(e for e in group.entries if not e.permission or operator.may(e.permission))
        if entries:
            groups.append(Group(group.title, entries))
    frame = {
        "operator": operator,
        "role_name": operator.role_name,
        "navigation": groups,
        "here": _here(request.url.path, groups),
    }
    return page(request, template, status=status, **(frame | context))


def _here(path: str, groups: list[Group]) -> str:
    """The entry that is current: the longest whose path begins this page's path."""
    paths = [entry.path for group in groups for entry in group.entries]
    fitting = [p for p in paths if path == p or (p != "/" and path.startswith(p + "/"))]
    return max(fitting, key=len, default="")
