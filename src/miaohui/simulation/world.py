"""Who and what there is, drawn from the seed: products, customers, two campaigns with every play present, and what operators do.

Beside the promotion that is drawn there are those of every shop: a percentage, a full reduction out of a budget, a code.
Two campaigns sell from one stock. Some customers share a phone, some are chosen people, some are in the control group; every
fourth is new to us and comes by the shop's id. Operators change rules midway, pause, resume, and stop one campaign either way.
"""

import typing
from functools import cache
from random import Random
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from miaohui import plays
from miaohui.host.setup import Setup
from miaohui.plays._contract import Place
from miaohui.plays._fields import Product, Span
from miaohui.pricing.effects import Percent, Reduction, Tier
from miaohui.simulation.drawn import WORD, Drawer
from miaohui.text import Text

T = 1_790_000_000_000
"""When every simulation begins."""
MINUTE, HOUR = 60_000, 3_600_000
CURRENCY = "USD"
CAMPAIGNS = ("east", "west")
AUDIENCES = ("vip", "new")
ENDS = ("refuse", "partial", "let_last_exceed")
KEEPS = ("id", "currency", "identities", "product", "opens_ms", "ends_ms")
"""Fields of rules that no edit changes here: who, what, when and for which money."""


class Visitor(Struct, frozen=True):
    """A customer: internal id, the shop's hash if he is new to us, his phone, audiences (mask), control group."""

    id: str
    shop_hash: str = ""
    phone: str = ""
    mask: int = 0
    control: bool = False

    def identities(self) -> dict[str, str]:
        """Kind -> keyed hash, as limits count them."""
        return {"account": self.id} | ({"phone": self.phone} if self.phone else {})


class Deed(Struct, frozen=True):
    """What an operator does at `at_ms`: `setups` are the versions to open; `how` is for a stop."""

    at_ms: int
    what: Literal["open", "pause", "resume", "stop"]
    campaign: str
    setups: tuple[Setup, ...] = ()
    how: Literal["let_run", "fail_all"] = "let_run"


class World:
    """Everything that is given before the first customer comes."""

    def __init__(self, seed: int, hours: float, customers: int) -> None:
        self.seed, self.chance = seed, Random(f"world/{seed}")
        self.secret = self.chance.randbytes(32)
        self.opens_ms, self.ends_ms = T + 5 * MINUTE, T + int(hours * HOUR)
        self.products = [
            Product(f"p{n}", f"sku-{n}", Text("茶", "Tea"), self.chance.randint(500, 9000), 300) for n in range(3)
        ]
        self.stock = {product.sku: self.chance.choice((600, 1500, 5000)) for product in self.products}
        self.budgets = {campaign: self.chance.choice((20_000, 500_000, 10_000_000)) for campaign in CAMPAIGNS}
        self.visitors = [self._visitor(n) for n in range(customers)]
        self.setups = {setup.id: setup for setup in self._plays()}
        self.deeds = self._deeds()
        self.rushes = self._rushes()

    def _visitor(self, n: int) -> Visitor:
        chance = self.chance
        id = f"{T + n:012x}"[:8] + f"-{n:04x}-7000-8000-{chance.getrandbits(48):012x}"
        if chance.random() < 0.25:
            return Visitor(id, shop_hash=f"{chance.getrandbits(64):016x}")
        phone = "" if chance.random() < 0.3 else f"phone{chance.randrange(1 + n - n // 5)}"
        return Visitor(id, "", phone, chance.randrange(1 << len(AUDIENCES)), chance.random() < 0.1)

    def _plays(self) -> list[Setup]:
        """Every play in the first campaign; some of them once more in the second."""
        names = plays.names()
        again = self.chance.sample(names, min(len(names), 2))
        made = [self._setup(CAMPAIGNS[0], name) for name in names] + [self._setup(CAMPAIGNS[1], name) for name in again]
        made += self._promotions()
        self.drawer = self._drawer()
        return made

    def _promotions(self) -> list[Setup]:
        chance, cheap = self.chance, min(product.list_price_minor for product in self.products)
        percent = Percent(
            off_ppm=chance.choice((50_000, 123_400, 300_000)), each=chance.choice(("order", "line", "unit"))
        )
        tiers = (Tier(at_least=cheap, off_minor=cheap // 7), Tier(at_least=3 * cheap, off_minor=cheap // 2))
        limits = {"uses": chance.choice((20, 60)), "per_customer": chance.choice((1, 2))}
        money = min(cheap * chance.choice((4, 10)), self.budgets[CAMPAIGNS[0]] // 5)
        end = {"budget_minor": money, "on_budget_end": chance.choice(ENDS)}
        return [
            self._setup(CAMPAIGNS[0], "promotion", "percent", gives=(percent,), **limits),
            self._setup(CAMPAIGNS[0], "promotion", "full", gives=(Reduction(tiers=tiers),), **end),
            self._setup(CAMPAIGNS[1], "promotion", "code", gives=(percent,), codes=(WORD,), per_customer=1),
        ]

    def _drawer(self) -> Drawer:
        return Drawer(self.chance, self.products, list(AUDIENCES), self.opens_ms, self.ends_ms)

    def _setup(self, campaign: str, module: str, play: str = "", **rules: Any) -> Setup:
        """A play of a campaign; its rules are drawn, or they are `rules`."""
        play, kinds = play or module.replace("_", "-"), ("account", "phone")
        given = {
            "id": f"{campaign}/{play}",
            "currency": CURRENCY,
            "identities": kinds if self.chance.random() < 0.7 else ("account",),
            "opens_ms": self.opens_ms,
            "ends_ms": self.ends_ms,
        }
        return Setup(
            campaign=campaign,
            play=play,
            module=module,
            title=plays.find(module).TITLE,
            currency=CURRENCY,
            opens_ms=self.opens_ms,
            ends_ms=self.ends_ms,
            audience=self.chance.choice(("", "", "", "vip")),
            rate_count=self.chance.choice((3, 20)),
            rules=self._rules(plays.find(module).Rules, given, rules),
        )

    def _rules(self, cls: type[Struct], given: dict[str, Any], rules: dict[str, Any]) -> Any:
        if not rules:
            return self._drawer().rules(cls, **given)
        return cls(**{name: value for name, value in given.items() if name in cls.__struct_fields__}, **rules)

    def _rushes(self) -> list[tuple[int, Setup]]:
        """Moments at which many come at once, and for what: when something begins, and some others."""
        rushes = []
        for setup in self.setups.values():
            moments = [self.opens_ms, self.chance.randint(self.opens_ms, self.ends_ms)]
            for name in setup.rules.__struct_fields__:
                spans = getattr(setup.rules, name)
                if isinstance(spans, tuple) and spans and isinstance(spans[0], Span):
                    moments += [span.start_ms for span in spans]
            rushes += [(at_ms, setup) for at_ms in moments]
        return rushes

    def changed(self, setup: Setup) -> Setup:
        """The next version of a play: some of its rules are others."""
        old, cls = setup.rules, type(setup.rules)
        names = [name for name in cls.__struct_fields__ if name not in KEEPS]
        edited = set(self.chance.sample(names, min(len(names), self.chance.randint(1, 3))))
        kept = {name: getattr(old, name) for name in cls.__struct_fields__ if name not in edited}
        return replace(setup, version=setup.version + 1, rules=self._drawer().rules(cls, **kept))

    def _deeds(self) -> list[Deed]:
        """Open both; change rules; pause and resume; stop one campaign before its end, the other after it."""
        chance, span = self.chance, self.ends_ms - self.opens_ms
        deeds = [
            Deed(T + MINUTE, "open", c, tuple(s for s in self.setups.values() if s.campaign == c)) for c in CAMPAIGNS
        ]
        latest = dict(self.setups)
        for _ in range(4):
            setup = chance.choice(list(latest.values()))
            latest[setup.id] = self.changed(setup)
            deeds.append(Deed(self.opens_ms + int(span * chance.random()), "open", setup.campaign, (latest[setup.id],)))
        deeds[2:] = sorted(deeds[2:], key=lambda deed: deed.at_ms)
        paused = self.opens_ms + int(span * chance.uniform(0.2, 0.7))
        campaign = chance.choice(CAMPAIGNS)
        deeds += [Deed(paused, "pause", campaign), Deed(paused + span // 20, "resume", campaign)]
        for campaign, at_ms in ((CAMPAIGNS[0], self.ends_ms + HOUR), (CAMPAIGNS[1], self.opens_ms + int(span * 0.8))):
            deeds.append(Deed(at_ms, "stop", campaign, (), chance.choice(("let_run", "fail_all"))))
        return self._in_order(deeds)

    @staticmethod
    def _in_order(deeds: list[Deed]) -> list[Deed]:
        """By time; the versions of a campaign count up, and nothing is opened in one that was stopped."""
        deeds = sorted(deeds, key=lambda deed: deed.at_ms)
        versions: dict[str, int] = {}
        stopped: set[str] = set()
        kept = []
        for deed in deeds:
            if deed.campaign in stopped:
                continue
            if deed.what == "stop":
                stopped.add(deed.campaign)
            versions[deed.campaign] = version = versions.get(deed.campaign, 0) + 1
            kept.append(replace(deed, setups=tuple(replace(setup, version=version) for setup in deed.setups)))
        return kept


@cache
def claimable(module: str) -> bool:
    """Whether orders may claim from the play: whether its `decide` takes `Place`."""
    return Place in typing.get_args(typing.get_type_hints(plays.find(module).decide)["action"])


def product_of(rules: Any) -> Product | None:
    """The product that a play sells, if it sells one."""
    return next((value for name in rules.__struct_fields__ if isinstance(value := getattr(rules, name), Product)), None)
