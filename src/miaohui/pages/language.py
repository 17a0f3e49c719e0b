"""Which language a page speaks: the cookie `lang`, else what the browser asks for, else the workspace's own."""

from typing import Any, TypeAlias

from litestar import Request, get
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from miaohui.text import LANGUAGES, Language

AnyRequest: TypeAlias = Request[Any, Any, Any]
YEAR_S = 365 * 86400


def language_of(request: AnyRequest) -> Language:
    """The language of the answer to `request`."""
    chosen = request.cookies.get("lang")
    for wanted in (chosen, *_asked(request.headers.get("accept-language", ""))):
        if wanted in LANGUAGES:
            return wanted
    return "zh" if request.app.state.workspace.language == "zh" else "en"


def _asked(header: str) -> list[str]:
    """The primary tags of an Accept-Language header, the most wanted first."""
    wanted = []
    for place, part in enumerate(header.split(",")):
        tag, _, q = part.strip().partition(";q=")
        try:
            weight = float(q or 1)
        except ValueError:
            weight = 0.0
        wanted.append((-weight, place, tag.split("-")[0].lower()))
    return [tag for weight, _, tag in sorted(wanted) if weight < 0]


def local_path(path: str | None, otherwise: str = "/") -> str:
    """`path` if it leads to a page of this site, so that no link of ours sends people elsewhere."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return otherwise


@get("/language/{chosen:str}", include_in_schema=False)
async def choose_language(chosen: FromPath[str], next: FromQuery[str | None] = None) -> Redirect:
    """Keep the chosen language for a year and go back to the page."""
    if chosen not in LANGUAGES:
        raise NotFoundException
    kept = Cookie("lang", value=chosen, max_age=YEAR_S, path="/", samesite="lax", httponly=True)
    return Redirect(local_path(next), status_code=303, cookies=[kept])
