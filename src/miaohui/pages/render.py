"""Pages from templates: `page(request, "console/home.html", campaigns=...)` renders `console/templates/home.html`.

A template has, besides what the handler gives:
    t('中文', 'English'), t(text)      the reader's language of two texts, or of a `Text`
    language, zh                      "zh" or "en"; whether it is Chinese
    icon(name, css, label), LOGO      inline SVG
    asset('console/console.css')      address of a static file
    workspace, path, other_language   the brand; this page's path; link that switches the language
    csrf_field, csrf_token            for forms and for scripts
    flash                             what the last answer said (`Flash`: tone, text) or None
    filters: number, short, money, short_money, quantity, percent, points, day, near_day, when, clock, span, lasting
             (`{{ total|money }}`, `{{ 9900|money('CNY', cents=True) }}`, `{{ at|when }}`, `{{ start|span(end) }}`;
             days and times are of the workspace's zone, or of the one given: `{{ at|when(zone='Asia/Shanghai') }}`)
Macros are imported with context: `{% import "console/parts.html" as ui with context %}`.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, pass_context
from jinja2.runtime import Context
from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect
from markupsafe import Markup

from miaohui.money import Money
from miaohui.pages import format
from miaohui.pages.forms import Flash, Tone, cookie_of, csrf_seed, csrf_token, flash_cookie, flash_of
from miaohui.pages.icons import LOGO, icon
from miaohui.pages.language import AnyRequest, language_of
from miaohui.pages.static import asset
from miaohui.text import Text

_PACKAGE = Path(__file__).parents[1]


class RoomLoader(BaseLoader):
    """Finds "console/home.html" in `console/templates/`, and a play's "plays/coupon.html" beside its module."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        room, _, path = template.partition("/")
        file = _PACKAGE / room / path if room == "plays" else _PACKAGE / room / "templates" / path
        if not room.isidentifier() or ".." in path.split("/") or not file.is_file():
            raise TemplateNotFound(template, f"there is no template {template}: it would be {file}")
        changed_ns = file.stat().st_mtime_ns
        return file.read_text(), str(file), lambda: file.is_file() and file.stat().st_mtime_ns == changed_ns


def _money(context: Context, amount: Money | int, currency: str | None) -> Money:
    return amount if isinstance(amount, Money) else Money(amount, currency or context["workspace"].currency)


@pass_context
def _as_money(context: Context, amount: Money | int, currency: str | None = None, cents: bool = False) -> str:
    return format.money(_money(context, amount, currency), context["language"], cents=cents)


@pass_context
def _as_short_money(context: Context, amount: Money | int, currency: str | None = None) -> str:
    return format.short_money(_money(context, amount, currency), context["language"])


@pass_context
def _as_short(context: Context, figure: format.Figure) -> str:
    return format.short(figure, context["language"])


@pass_context
def _as_quantity(context: Context, amount: int, unit: str) -> str:
    return format.quantity(amount, unit, context["language"])


@pass_context
def _as_points(context: Context, difference: format.Figure) -> str:
    return format.points(difference, context["language"])


def _zone(context: Context, zone: str | None) -> str:
    return zone or str(context["workspace"].zone)


def _today(context: Context, zone: str | None) -> date:
    return format.day_of(context["workspace"].clock(), _zone(context, zone))


@pass_context
def _as_day(context: Context, at: datetime | int | date, weekday: bool = False, zone: str | None = None) -> str:
    on = format.day_of(at, _zone(context, zone))
    return format.day(on, context["language"], _today(context, zone), weekday=weekday)


@pass_context
def _as_near_day(context: Context, at: datetime | int | date, zone: str | None = None) -> str:
    return format.near_day(format.day_of(at, _zone(context, zone)), context["language"], _today(context, zone))


@pass_context
def _as_when(context: Context, at: datetime | int, seconds: bool = False, zone: str | None = None) -> str:
    now = context["workspace"].clock()
    return format.when(at, context["language"], _zone(context, zone), now, seconds=seconds)


@pass_context
def _as_clock(context: Context, at: datetime | int, seconds: bool = False, zone: str | None = None) -> str:
    return format.clock(at, _zone(context, zone), seconds=seconds)


@pass_context
def _as_span(
    context: Context, start: datetime | int | date, end: datetime | int | date, zone: str | None = None
) -> str:
    return format.span(start, end, context["language"], _zone(context, zone), context["workspace"].clock())


@pass_context
def _as_lasting(context: Context, duration_s: float) -> str:
    return format.lasting(duration_s, context["language"])


_ENVIRONMENT = Environment(
    loader=RoomLoader(), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
)
_ENVIRONMENT.globals |= {"icon": icon, "LOGO": LOGO, "asset": asset, "UNKNOWN": format.UNKNOWN}
_ENVIRONMENT.filters |= {
    "number": format.number,
    "percent": format.percent,
    "short": _as_short,
    "money": _as_money,
    "short_money": _as_short_money,
    "quantity": _as_quantity,
    "points": _as_points,
    "day": _as_day,
    "near_day": _as_near_day,
    "when": _as_when,
    "clock": _as_clock,
    "span": _as_span,
    "lasting": _as_lasting,
}


def rendered(request: AnyRequest, template: str, **context: Any) -> str:
    """The text of a template, for a whole page or for a fragment that htmx or a stream puts into one."""
    language = language_of(request)
    other = "en" if language == "zh" else "zh"
    path = request.url.path
    here = f"{path}?{request.url.query}" if request.url.query else path
    token = csrf_token(request)

    def t(zh: str | Text, en: str = "") -> str:
        return (zh if isinstance(zh, Text) else Text(zh, en))(language)

    shared = {
        "t": t,
        "language": language,
        "zh": language == "zh",
        "request": request,
        "path": path,
        "other_language": f"/language/{other}?next={quote(here)}",
        "workspace": request.app.state.workspace,
        "csrf_token": token,
        "csrf_field": Markup('<input type="hidden" name="_csrf" value="{}">').format(token),
        "flash": flash_of(request),
    }
    return _ENVIRONMENT.get_template(template).render(shared | context)


def page(request: AnyRequest, template: str, *, status: int = 200, **context: Any) -> Response[str]:
    """The answer that shows `template`; see the module's text for what a template has."""
    cookies: list[Cookie] = []
    if "csrf" not in request.cookies:
        cookies.append(cookie_of(request, "csrf", csrf_seed(request)))
    if "flash" in request.cookies:
        cookies.append(cookie_of(request, "flash", "", 0))
    content = rendered(request, template, **context)
    headers = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}
    return Response(content, status_code=status, media_type="text/html", headers=headers, cookies=cookies)


def see_other(
    request: AnyRequest, path: str, said: Text | None = None, tone: Tone = "ok", cookies: list[Cookie] | None = None
) -> Redirect:
    """Go to another page after a form (303), which shows `said` once."""
    carried = [*(cookies or []), *([flash_cookie(request, Flash(tone, said))] if said else [])]
    return Redirect(path, status_code=303, cookies=carried)
