"""What holds for every answer of the site: language, static files, errors, messages, policy."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from litestar import Litestar, Response, get, post
from litestar.datastructures import State
from litestar.response import Redirect
from litestar.testing import TestClient

from miaohui.pages import site
from miaohui.pages.errors import missing
from miaohui.pages.forms import flash_of, from_this_site
from miaohui.pages.icons import icon, icon_names
from miaohui.pages.language import AnyRequest, local_path
from miaohui.pages.render import see_other
from miaohui.pages.security import HEADERS
from miaohui.pages.static import asset, file_of
from miaohui.text import Text
from miaohui.vault import Vault


@get("/broken")
async def broken() -> None:
    raise RuntimeError("secret detail")


@get("/tea")
async def no_tea() -> None:
    raise missing(Text("没有活动 tea", "There is no campaign tea"))


@post("/say", guards=[from_this_site])
async def say(request: AnyRequest) -> Redirect:
    return see_other(request, "/tea", Text("好了", "Done"))


@get("/said")
async def said(request: AnyRequest) -> Response[str]:
    flash = flash_of(request)
    return Response("" if flash is None else f"{flash.tone} {flash.text.zh} {flash.text.en}")


@pytest.fixture
def client(vault: Vault) -> Iterator[TestClient[Litestar]]:
    workspace = SimpleNamespace(
        title="Harbour",
        zone="UTC",
        currency="USD",
        language="zh",
        url="https://shop.example",
        vault=vault,
        clock=lambda: 0,
    )
    app = Litestar(
        [*site.HANDLERS, broken, no_tea, say, said],
        state=State({"workspace": workspace}),
        before_send=[site.secure],
        exception_handlers=site.EXCEPTION_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Accept"] = "text/html"
        client.follow_redirects = False
        yield client


@pytest.mark.parametrize(
    ("cookie", "asked", "language"),
    [
        ("", "", "zh-CN"),
        ("", "en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("", "fr, zh-TW;q=0.7, en;q=0.3", "zh-CN"),
        ("", "fr", "zh-CN"),
        ("", "en;q=0, zh;q=nonsense", "zh-CN"),
        ("en", "zh", "en"),
        ("fr", "en", "en"),
    ],
)
def test_the_language_of_a_page(client: "TestClient[Litestar]", cookie: str, asked: str, language: str) -> None:
    headers = {"Accept-Language": asked} | ({"Cookie": f"lang={cookie}"} if cookie else {})
    assert f'<html lang="{language}">' in client.get("/nowhere", headers=headers).text


def test_choosing_a_language_keeps_it_and_goes_back(client: "TestClient[Litestar]") -> None:
    answer = client.get("/language/en?next=/nowhere%3Fa%3D1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/nowhere?a=1")
    assert answer.headers["set-cookie"] == "lang=en; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax"
    assert client.get("/language/fr").status_code == 404
    assert client.get("/language/en?next=//elsewhere.example").headers["location"] == "/"


@pytest.mark.parametrize("path", ["//a.example", "/\\a.example", "https://a.example", "a", "", None, "/a\nb"])
def test_what_is_no_page_of_ours_leads_home(path: str | None) -> None:
    assert local_path(path) == "/"


def test_a_page_that_is_not_there_says_so_in_both_languages(client: "TestClient[Litestar]") -> None:
    zh = client.get("/tea", headers={"Accept-Language": "zh"})
    en = client.get("/tea", headers={"Accept-Language": "en"})
    assert (zh.status_code, "<h1>没有活动 tea</h1>" in zh.text) == (404, True)
    assert (en.status_code, "<h1>There is no campaign tea</h1>" in en.text) == (404, True)


def test_a_bug_shows_no_detail_and_a_program_gets_json(client: "TestClient[Litestar]") -> None:
    page = client.get("/broken", headers={"Accept-Language": "en"})
    assert (page.status_code, "Something broke on our side" in page.text) == (500, True)
    assert "secret detail" not in page.text
    answer = client.get("/broken", headers={"Accept": "application/json", "Accept-Language": "en"})
    assert answer.json() == {
        "code": "internal_server_error",
        "sentence": "Something broke on our side: What was not saved did not happen, and the ledger is whole. "
        "Try again later; the error is in the log.",
        "data": {},
        "retry": False,
    }
    for each in (page, answer):
        assert {name: each.headers[name] for name in HEADERS} == HEADERS


def test_static_files_are_kept_under_their_version_only(client: "TestClient[Litestar]") -> None:
    address = asset("pages/error.css")
    answer = client.get(address)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    plain = client.get("/static/pages/error.css?v=other", headers={"Accept-Encoding": "identity"})
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.text == answer.text
    again = client.get("/static/pages/error.css", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["pages/none.css", "pages/../render.py", "pages/../../vault.py", "../miaohui/pages/static/error.css", "pages/", ""],
)
def test_nothing_outside_the_static_folders_is_served(client: "TestClient[Litestar]", name: str) -> None:
    assert file_of(name) is None
    encoded = name.replace("..", "%2e%2e").replace("/", "%2f")
    assert client.get(f"/static/{encoded}").status_code == 404


def test_a_message_is_signed(client: "TestClient[Litestar]", vault: Vault) -> None:
    answer = client.get("/nowhere")
    cookie = answer.headers["set-cookie"]
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=lax; Secure")
    seed = cookie.removeprefix("csrf=").split(";")[0]
    headers = {
        "Cookie": f"csrf={seed}",
        "Origin": "https://shop.example",
        "X-CSRF-Token": vault.sign("csrf", f"{seed}|"),
    }
    done = client.post("/say", headers=headers)
    assert done.status_code == 303
    flash = done.headers["set-cookie"].removeprefix("flash=").split(";")[0].strip('"')
    assert client.get("/said", headers={"Cookie": f"flash={flash}"}).text == "ok 好了 Done"
    assert client.get("/said", headers={"Cookie": f"flash=x{flash}"}).text == ""


def test_icons_speak_only_when_alone() -> None:
    assert 'aria-hidden="true"' in icon("home")
    assert 'role="img" aria-label="Home &amp; more"' in icon("home", "icon-s", "Home & more")
    assert 'class="icon icon-s"' in icon("home", "icon-s")
    assert "home" in icon_names()
    with pytest.raises(LookupError, match="there is no icon 'moon-base': add its Tabler name to console"):
        icon("moon-base")
