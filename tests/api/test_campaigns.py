"""Campaigns over HTTP: a document comes in, is checked, versioned, approved by a person and opened; who may, and how a no looks."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from miaohui.campaign.lifecycle import FROM
from miaohui.clock import moment_of
from miaohui.pages.forms import SESSION_COOKIE
from miaohui.team import operators, sessions
from miaohui.workspace import Workspace
from tests.api_scene import serving

URL = "/api/v1/campaigns"
DAY_MS = 86_400_000


@dataclass
class Scene:
    """A server, a program with a key, and an administrator in his browser."""

    workspace: Workspace
    program: httpx.AsyncClient
    admin: httpx.AsyncClient

    def document(self, campaign: str = "tea-week", count: int = 40) -> str:
        """A sound campaign that is warm now and live tomorrow."""
        now_ms = self.workspace.clock()

        def at(days: int) -> str:
            return moment_of(now_ms + days * DAY_MS).isoformat()

        return f"""\
campaign = "{campaign}"
name = {{ zh = "茶周", en = "Tea week" }}
kind = "promotional"
[phases]
warm_up = {at(-1)}
live = {at(1)}
wrap_up = {at(5)}
[budget]
total = 500.00
[control]
share = 5
[plays.gift]
play = "coupon"
opens = "warm_up"
give = {{ everybody = "5.00 off 49.00" }}
count = {count}
budget = 200.00
"""

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        """What the program is answered."""
        answer = await self.program.post(f"{URL}{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def nothing_happened(self) -> bool:
        """No campaign, no line in the audit log but the key's, no transfer."""
        counts = [
            await self.workspace.db.fetchval(f"select count(*) from {table}")
            for table in ("campaign", "campaign_version", "transfer")
        ]
        acts = await self.workspace.db.fetchval("select count(*) from audit where action like 'campaign.%'")
        return [*counts, acts] == [0, 0, 0, 0]


@pytest.fixture
async def scene(database: Any, store: Any, vault: Any) -> AsyncIterator[Scene]:
    async with serving(database, store, vault) as (workspace, program):
        async with database.acquire() as c:
            boss = await operators.add(c, "tests", "boss", "admin", "ten letters")
            token = await sessions.begin(c, boss, workspace.clock())
        headers = {"Origin": workspace.url, "Accept-Language": "zh"}
        async with httpx.AsyncClient(
            transport=program._transport, base_url=workspace.url, headers=headers, cookies={SESSION_COOKIE: token}
        ) as admin:
            yield Scene(workspace, program, admin)


async def test_from_a_text_to_an_open_campaign(scene: Scene) -> None:
    made = await scene.post("", 201, text=scene.document(), note="first")
    assert (made["id"], made["state"], made["version"], made["verbs"]) == (
        "tea-week",
        "draft",
        1,
        ["submit", "archive"],
    )
    assert (await scene.post("/tea-week/submit"))["state"] == "in_review"

    answer = await scene.admin.post(f"{URL}/tea-week/approve", json={"version": 1})
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    opened = await scene.post("/tea-week/open")
    assert (opened["state"], opened["verbs"]) == ("warm_up", ["pause", "stop"])

    await scene.workspace.host.refresh()
    claim = await scene.program.post(
        "/api/v1/plays/tea-week/gift/claim", json={"customer": "1228"}, headers={"Idempotency-Key": "k"}
    )
    assert (claim.status_code, claim.json()["amount_minor"]) == (200, 500)

    stopped = await scene.post("/tea-week/stop", how="let_run", note="enough")
    assert (stopped["state"], stopped["stopped"]) == ("wrap_up", True)
    acts = await scene.workspace.db.fetch("select operator, action from audit where subject = 'tea-week' order by seq")
    assert [tuple(row) for row in acts] == [
        ("key:shop", "campaign.created"),
        ("key:shop", "campaign.submitted"),
        ("boss", "campaign.approved"),
        ("key:shop", "campaign.opened"),
        ("key:shop", "campaign.stopped"),
    ]


async def test_a_check_says_everything_and_keeps_nothing(scene: Scene) -> None:
    sound = await scene.post("/check", text=scene.document())
    assert sound["sound"]
    assert [(p["level"], p["code"]) for p in sound["problems"]] == [("hint", "same_offer_for_all")]
    broken = await scene.post("/check", text=scene.document().replace("500.00", "5.005").replace("count", "cuont"))
    assert not broken["sound"]
    assert [(p["line"], p["level"], p["path"], p["code"]) for p in broken["problems"]] == [
        (9, "stop", "budget.total", "too_many_digits"),
        (12, "stop", "plays.gift", "missing_key"),
        (16, "stop", "plays.gift.cuont", "unknown_key"),
    ]
    assert broken["problems"][2]["remedy"] == {"zh": "是不是 count？", "en": "Did you mean count?"}
    assert await scene.nothing_happened()


async def test_versions_and_a_conflict(scene: Scene) -> None:
    await scene.post("", 201, text=scene.document())
    body = {"text": scene.document(count=50), "base": 1, "note": "more"}
    saved = await scene.program.put(f"{URL}/tea-week", json=body)
    assert (saved.status_code, saved.json()["version"]) == (200, 2)
    conflict = await scene.program.put(f"{URL}/tea-week", json=body)
    assert conflict.status_code == 409
    assert conflict.json() == {
        "code": "stale_base",
        "sentence": "Somebody saved version 2 since you read 1: read it, and make your change there",
        "data": {"campaign": "tea-week", "base": 1, "version": 2},
        "retry": False,
    }
    listed = (await scene.program.get(f"{URL}/tea-week/versions")).json()
    assert [(v["version"], v["by"], v["note"], v["text"]) for v in listed["versions"]] == [
        (2, "key:shop", "more", ""),
        (1, "key:shop", "", ""),
    ]
    assert listed["next"] == 0
    assert "count = 40" in (await scene.program.get(f"{URL}/tea-week/versions/1")).json()["text"]
    assert "count = 50" in (await scene.program.get(f"{URL}/tea-week")).json()["document"]["text"]


async def test_lists_go_on_from_their_cursor(scene: Scene) -> None:
    for name in ("one", "two", "three"):
        await scene.post("", 201, text=scene.document(campaign=name))
    first = (await scene.program.get(URL, params={"limit": 2})).json()
    rest = (await scene.program.get(URL, params={"limit": 2, "after": first["next"]})).json()
    assert [c["id"] for c in (*first["campaigns"], *rest["campaigns"])] == ["three", "two", "one"]
    assert rest["next"] == ""
    assert (await scene.program.get(URL, params={"state": "live"})).json()["campaigns"] == []
    for wrong in ({"limit": 201}, {"state": "gone"}, {"after": "yesterday"}):
        answer = await scene.program.get(URL, params=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_request"), wrong


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "", {"text": "kind ="}, 422, "unreadable"),
        ("POST", "", {"text": "#" * 200_001}, 422, "too_large"),
        ("POST", "", {"txet": ""}, 422, "bad_request"),
        ("GET", "/%00", None, 404, "unknown_campaign"),
        ("GET", "/nothing", None, 404, "unknown_campaign"),
        ("GET", "/nothing/versions", None, 404, "unknown_campaign"),
        ("GET", "/nothing/versions/1", None, 404, "unknown_campaign"),
        ("POST", "/nothing/open", {}, 404, "unknown_campaign"),
        ("POST", "/nothing/approve", {}, 403, "forbidden"),
        ("POST", "/nothing/launch", {}, 404, "unknown_verb"),
        ("POST", "/nothing/stop", {"how": "at_once"}, 422, "bad_request"),
        ("POST", "/nothing/stop", {"note": "\0"}, 422, "bad_request"),
        ("PUT", "/nothing", {"text": "x", "base": 0}, 422, "bad_request"),
        ("PUT", "/nothing", {"text": "\0", "base": 1}, 422, "unreadable"),
        ("GET", "/nothing/versions/99999999999999999999", None, 404, "unknown_campaign"),
        ("GET", "/nothing/versions?before=99999999999999999999", None, 422, "bad_request"),
        ("GET", "?after=1.%00", None, 422, "bad_request"),
        ("GET", "?after=999999999999999999.x", None, 422, "bad_request"),
    ],
)
async def test_a_no_has_a_code_and_changes_nothing(
    scene: Scene, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = await scene.program.request(method, URL + path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "sentence", "data", "retry"}
    assert await scene.nothing_happened()


async def test_an_opening_is_refused_where_the_campaign_stands(scene: Scene) -> None:
    await scene.post("", 201, text=scene.document())
    answer = await scene.admin.post(f"{URL}/tea-week/open", json={})
    assert answer.status_code == 409
    assert answer.json()["code"] == "not_from_here"
    assert answer.json()["sentence"] == "活动现在是“草稿”，不能上线"


async def test_nobody_and_pages_of_other_sites_are_refused(scene: Scene) -> None:
    headers = {"Authorization": "Bearer nonsense"}
    for verb in ("", "/check", *(f"/tea-week/{verb}" for verb in FROM)):
        answer = await scene.program.post(URL + verb, json={"text": scene.document()}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised"), verb
    elsewhere = {"Origin": "https://elsewhere.example"}
    answer = await scene.admin.post(URL, json={"text": scene.document()}, headers=elsewhere)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert await scene.nothing_happened()
