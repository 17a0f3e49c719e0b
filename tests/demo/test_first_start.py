"""`miaohui run` in demo mode as a process, on small files: the first start, kills in it, the switch, the second start."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from miaohui.clock import system_clock
from miaohui.server.postgres_folder import processes_in
from tests.imports.small_journey import write_small

SMALL_RUN = Path(__file__).with_name("small_run.py")
PATIENCE_S = 120
STARTED: list["Demo"] = []


class Demo:
    """One start of the demo in `folder`."""

    def __init__(self, folder: Path, files: Path) -> None:
        self.data = folder / "data"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("MIAOHUI_")}
        self.process = subprocess.Popen(
            [sys.executable, str(SMALL_RUN), str(files)],
            env=plain | {"MIAOHUI_PORT": "0", "MIAOHUI_DATA": str(self.data)},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        STARTED.append(self)

    def said(self) -> list[list[str]]:
        """What it says from the address on, word by word, once it answers."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("Miaohui answers at "):
                return [line.split(), *(self.process.stdout.readline().split() for _ in range(4))]
        raise AssertionError(self.process.communicate()[1])

    def kill_when(self, ready: Callable[[], bool]) -> None:
        """Kill it (-9) as soon as `ready`."""
        until(lambda: ready() or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()[1]
        self.process.kill()
        self.process.communicate()

    def stop(self) -> int:
        """Its exit code after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate()
        return self.process.returncode

    def card(self) -> dict[str, Any]:
        """demo.json."""
        card: dict[str, Any] = json.loads((self.data / "demo.json").read_text())
        return card


def until(true: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def api(card: dict[str, Any]) -> httpx.Client:
    """The shop's way in."""
    headers = {"Authorization": f"Bearer {card['api_key']}"}
    return httpx.Client(base_url=card["url"], headers=headers, timeout=PATIENCE_S)


def events(client: httpx.Client, after: str = "") -> tuple[list[dict[str, Any]], str]:
    """What has happened behind `after`, and the cursor."""
    page = client.get("/api/v1/events", params={"after": after}).raise_for_status().json()
    return page["events"], page["cursor"]


def turn(card: dict[str, Any], on: str) -> None:
    """Log in to the console and turn the switch on its page."""
    english = {"Accept-Language": "en"}
    with httpx.Client(base_url=card["url"], follow_redirects=True, headers=english, timeout=PATIENCE_S) as browser:
        form = {"name": card["operator"], "password": card["password"], "_csrf": csrf(browser.get("/login").text)}
        assert "Welcome, demo" in browser.post("/login", data=form).text
        page = browser.get("/demo").text
        answer = browser.post("/demo/simulated", data={"on": on, "_csrf": csrf(page)}).text
    assert "The simulated customers have stopped" in answer


def csrf(page: str) -> str:
    """The token of a page's form."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.fixture
async def files(store, tmp_path: Path) -> Path:
    """A part of the Complete Journey."""
    folder = tmp_path / "files"
    folder.mkdir()
    return await write_small(store, folder)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where nothing runs at the end."""
    folder = tmp_path / "the demo"
    folder.mkdir()
    yield folder
    left = [demo.process for demo in STARTED if demo.data.parent == folder and demo.process.poll() is None]
    for process in left:
        process.kill()
    assert left == []
    assert processes_in(folder / "data" / "postgres") == []


def test_from_the_first_start_to_the_second(folder: Path, files: Path) -> None:
    first = Demo(folder, files)
    said, card = first.said(), first.card()
    assert said == [
        ["Miaohui", "answers", "at", card["url"]],
        ["the", "console", "operator", "demo,", "password", card["password"]],
        ["the", "campaign", f"{card['url']}/c/pantry-days-1"],
        ["for", "scripts", *str(first.data / "demo.json").split()],
        ["Ctrl-C", "stops", "it"],
    ]
    assert stat.S_IMODE((first.data / "demo.json").stat().st_mode) == 0o600
    assert sorted(card) == ["api_key", "operator", "password", "shift_days", "url"]
    assert (card["operator"], card["shift_days"] % 7) == ("demo", 0)

    with api(card) as client:
        assert client.get("/c/pantry-days-1").status_code == 200
        seen, cursor = events(client)
        while not seen:
            seen, cursor = events(client, cursor)
        assert {event["source"] for event in seen} == {"simulated"}
        turn(card, on="0")
        off_ms = system_clock()
        after_off = []
        while system_clock() < off_ms + 6000:
            more, cursor = events(client, cursor)
            after_off += [
                event for event in more if event["name"] == "page.viewed" or event["name"].startswith("order")
            ]
        assert all(received_ms(event) < off_ms + 5000 for event in after_off)
    assert first.stop() == 0
    assert processes_in(first.data / "postgres") == []

    second = Demo(folder, files)
    second.said()
    again = second.card()
    assert again | {"url": card["url"]} == card
    with api(again) as client:
        assert client.get("/c/pantry-days-1").status_code == 200
        assert client.get("/c/pantry-days-2").status_code == 404
        assert events(client, cursor)[0] == []  # the switch is remembered
    assert second.stop() == 0


def received_ms(event: dict[str, Any]) -> float:
    """When an event came in."""
    from datetime import datetime

    return datetime.fromisoformat(event["received_at"]).timestamp() * 1000


def test_killed_in_its_first_start_it_goes_on(folder: Path, files: Path) -> None:
    data = folder / "data"
    for ready in (
        lambda: (data / "events").exists(),
        lambda: (data / "complete-journey-rejected.csv").exists(),
        lambda: (data / "demo.json").exists(),
    ):
        Demo(folder, files).kill_when(ready)
    card = json.loads((data / "demo.json").read_text())
    demo = Demo(folder, files)
    demo.said()
    assert demo.card() | {"url": card["url"]} == card
    with api(demo.card()) as client:
        assert client.get("/c/pantry-days-1").status_code == 200
        assert client.get("/api/v1/campaigns/cj-26/review").json()["shift_days"] == card["shift_days"]
    assert demo.stop() == 0
