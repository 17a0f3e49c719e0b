"""demo.json: who may read it, what stands in it, and that there is never more than one way in."""

import json
import stat
from pathlib import Path

from miaohui.demo import card
from miaohui.team.keys import KeyRing
from tests.api_scene import serving


async def test_the_card_is_made_once_and_only_its_owner_reads_it(database, store, vault, tmp_path: Path) -> None:
    async with serving(database, store, vault) as (workspace, _):
        workspace.shift_days = 3241
        made = await card.issue(workspace, tmp_path)
        file = tmp_path / "demo.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text()) == {
            "url": "http://miaohui.test",
            "api_key": made.api_key,
            "operator": "demo",
            "password": made.password,
            "shift_days": 3241,
        }
        assert await card.issue(workspace, tmp_path) == made
        workspace.url = "http://elsewhere.test"
        assert (await card.issue(workspace, tmp_path)).password == made.password
        assert json.loads(file.read_text())["url"] == "http://elsewhere.test"
        assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


async def test_a_lost_or_damaged_card_is_made_anew_and_the_old_key_is_dead(
    database, store, vault, tmp_path: Path
) -> None:
    async with serving(database, store, vault) as (workspace, _):
        first = await card.issue(workspace, tmp_path)
        (tmp_path / "demo.json").write_text("{")
        second = await card.issue(workspace, tmp_path)
        assert second.password != first.password
        ring = KeyRing(database)
        assert await ring.caller(first.api_key) is None
        assert (await ring.caller(second.api_key)).label == "demo scripts"
        assert await database.fetchval("select count(*) from operator") == 1
