"""Every call of docs/how-to/connect-a-shop.md is made, in its order, and is answered as the page says."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from miaohui.customers.signin import link_key, read_link
from miaohui.host.fairground import Fairground
from miaohui.host.setup import Setup
from miaohui.plays import find
from miaohui.plays._fields import Given, Offer
from miaohui.pricing.effects import Percent, Reduction, Tier
from tests.api_scene import serving

PAGE = (Path(__file__).parents[2] / "docs/how-to/connect-a-shop.md").read_text()
EXAMPLES = re.findall(r"```sh\n(curl .*?)```\n```json\n(.*?)```", PAGE, re.DOTALL)


FULL = Reduction(tiers=(Tier(at_least=2000, off_minor=300),))


def _promotion(play, effect, **more):
    rules = find("promotion").Rules(id=f"autumn/{play}", currency="USD", gives=(effect,), **more)
    fields = {"title": find("promotion").TITLE, "currency": "USD", "opens_ms": 0, "ends_ms": 2**53}
    return Setup(campaign="autumn", play=play, module="promotion", rules=rules, **fields)


def request(command, names):
    """A curl command as (path, headers, body)."""
    words = shlex.split(re.sub(r"\$(\w+)", lambda name: names[name[1]], command.replace("\\\n", " ")))
    headers, body, address = {}, None, ""
    rest = iter(words[1:])
    for word in rest:
        match word:
            case "-X":
                assert next(rest) == "POST"
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d":
                body = next(rest)
            case _:
                address = word
    return urlsplit(address).path, headers, body


def said(expected, answer):
    """Whether an answer holds what the page shows; "..." is anything."""
    if isinstance(expected, dict):
        return set(expected) <= set(answer) and all(said(value, answer[name]) for name, value in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(answer) and all(map(said, expected, answer))
    return expected in ("...", answer)


async def test_each_call_is_answered_as_the_page_says(database, vault):
    async with serving(database, None, vault) as (workspace, client):
        rules = find("coupon").Rules(
            id="autumn/welcome", currency="USD", give=(Given("everybody", Offer(500)),), count=10
        )
        setup = Setup(
            campaign="autumn", play="welcome", module="coupon", title=find("coupon").TITLE, currency="USD",
            opens_ms=0, ends_ms=2**53, rules=rules,
        )  # fmt: skip
        promotions = [
            _promotion("ten", Percent(off_ppm=100_000), codes=("TEA10",), show_code=True),
            _promotion("full", FULL),
        ]
        assert await Fairground(workspace.host, database).open("autumn", [setup, *promotions], "USD", 100_000) is None
        names = {"URL": workspace.url, "KEY": client.headers["authorization"].removeprefix("Bearer ")}
        assert len(EXAMPLES) == 8
        for command, expected in EXAMPLES:
            path, headers, body = request(command, names)
            answer = await client.post(path, headers=headers, content=body)
            assert said(json.loads(expected), answer.json()), (command, answer.json())
            assert answer.status_code == (409 if "retry" in json.loads(expected) else 200)
            if "coupon" in json.loads(expected):
                names["COUPON"] = answer.json()["coupon"]


def test_a_link_signed_as_the_page_says_is_taken(vault):
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    exec(code, names)
    link = names["signed_link"]("https://fair.example.com/enter?next=/c/autumn", "1228", link_key(vault))
    query = dict(parse_qsl(urlsplit(link).query))
    now_ms = (int(query["t"]) - 24 * 3600) * 1000
    assert query["next"] == "/c/autumn"
    assert read_link(vault, query["c"], query["t"], query["s"], now_ms) == "1228"
    assert read_link(vault, "1229", query["t"], query["s"], now_ms) is None
