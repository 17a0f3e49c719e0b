"""What a campaign tells the host about one play: an immutable version of its rules, with what all plays share.

A change makes a new version; what was opened under an old one keeps it. `Register` is the host's view of all plays: read from
the storage, read anew when the workspace's epoch has moved.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from miaohui import plays
from miaohui.events.envelope import snake, wire_name
from miaohui.ledger.accounts import pool_key
from miaohui.plays._contract import Place, Play, Refusal
from miaohui.pricing.promotion import Promotion
from miaohui.text import Text

Running = Literal["running", "paused", "closed"]
NONE: frozenset[str] = frozenset()


class Setup(Struct, frozen=True, kw_only=True):
    """One version of one play. Window [opens_ms, ends_ms) for what starts something; `audience` "" is everybody, else the name
    of an audience frozen at launch; `consent` "" or the name of one; at most `rate_count` actions a customer in `rate_s`."""

    campaign: str
    play: str
    module: str
    version: int = 1
    title: Text
    currency: str
    zone: str = "UTC"
    opens_ms: int
    ends_ms: int
    audience: str = ""
    consent: str = ""
    rate_count: int = 20
    rate_s: int = 10
    rules: Any

    @property
    def id(self) -> str:
        """`<campaign>/<play>`, as in account keys."""
        return f"{self.campaign}/{self.play}"


class _Packed(Setup, frozen=True, kw_only=True):
    rules: Raw


def pack(setup: Setup) -> bytes:
    """A setup as the storage keeps it."""
    return msgspec.msgpack.encode(setup)


def unpack(packed: bytes) -> Setup:
    """What `pack` made; the rules come back as the `Rules` of the play's module."""
    raw = msgspec.msgpack.decode(packed, type=_Packed)
    rules = msgspec.msgpack.decode(raw.rules, type=plays.find(raw.module).Rules)
    fields = {name: getattr(raw, name) for name in Setup.__struct_fields__}
    return Setup(**(fields | {"rules": rules}))


class Machine:
    """One play's module with its decoders: actions as they come over HTTP, states and timers as they are stored."""

    def __init__(self, name: str, module: Play) -> None:
        self.name, self.module = name, module
        self.actions = {snake(cls.__name__): cls for cls in module.ACTIONS}
        self.inputs = {name: msgspec.json.Decoder(_input(cls)) for name, cls in self.actions.items()}
        self.starts = frozenset(module.STARTS)
        self.place_starts = Place in self.starts
        self.promotion: Callable[[Any], Promotion] | None = getattr(module, "promotion", None)
        state = getattr(module, "State", None)
        self.state = msgspec.msgpack.Decoder(state).decode if state else None
        union: Any = None
        for cls in module.TIMERS:
            union = cls if union is None else union | cls
        self.timer = msgspec.msgpack.Decoder(union).decode if union else None


def _input(cls: type[Struct]) -> type[Struct]:
    """What a caller sends for an action: its fields without those that the host fills in; shops add `customer`."""
    fields = [
        (f.name, f.type) if f.required else (f.name, f.type, f.default)
        for f in msgspec.structs.fields(cls)
        if f.name not in ("who", "id")
    ]
    return msgspec.defstruct(
        cls.__name__ + "Input", [*fields, ("customer", str, "")], kw_only=True, forbid_unknown_fields=True
    )


class Offered(Struct, frozen=True):
    """What a play does to a cart, with the rules it comes from."""

    promotion: Promotion
    rules: Any


class Entry:
    """A play as the host runs it now: its current version, its earlier ones, and whether it may start anything."""

    def __init__(self, machine: Machine, current: Setup, versions: dict[int, Setup], running: Running) -> None:
        self.machine, self.current, self.versions, self.running = machine, current, versions, running
        self._offers: dict[int, Offered] = {}

    def barred(self, members: frozenset[str], control: bool, consents: frozenset[str], now_ms: int) -> Refusal | None:
        """Why nothing can be started here now, or not by a customer in the audiences `members`."""
        setup = self.current
        if now_ms < setup.opens_ms or self.running == "paused":
            return Refusal("not_open", {"opens_ms": setup.opens_ms, "paused": self.running == "paused"})
        if now_ms >= setup.ends_ms or self.running == "closed":
            return Refusal("ended", {"ends_ms": setup.ends_ms})
        if setup.audience and setup.audience not in members:
            return Refusal("not_in_audience", {"audience": setup.audience})
        if setup.audience and control:
            return Refusal("not_offered")
        if setup.consent and setup.consent not in consents:
            return Refusal("no_consent", {"consent": setup.consent})
        return None

    def offer(self, version: int = 0) -> Offered:
        """What it does to a cart under `version` of its rules (0: the current one); only for plays that have a promotion."""
        version = version or self.current.version
        if version not in self._offers:
            assert self.machine.promotion is not None, f"{self.machine.name} is no promotion"
            rules = self.versions[version].rules
            self._offers[version] = Offered(self.machine.promotion(rules), rules)
        return self._offers[version]


_MACHINES: dict[str, Machine] = {}


def machine(name: str) -> Machine:
    """The machine of the play module called `name`, made once."""
    if name not in _MACHINES:
        _MACHINES[name] = Machine(name, plays.find(name))
    return _MACHINES[name]


class Register(Struct):
    """All plays, the audiences' bits of each campaign, as of `epoch`; `read_ms`: when it was read, by the storage's time."""

    epoch: int = 0
    entries: dict[tuple[str, str], Any] = {}
    campaigns: frozenset[str] = frozenset()
    audiences: dict[str, tuple[tuple[int, str], ...]] = {}
    read_ms: int = 0
    _promotions: list[Any] | None = None

    @classmethod
    def of(
        cls,
        epoch: int,
        versions: Iterable[Setup],
        running: dict[tuple[str, str], tuple[int, Running]],
        audiences: dict[str, tuple[tuple[int, str], ...]],
        read_ms: int,
    ) -> "Register":
        """Put together what the storage holds: `running` is (campaign, play) -> (current version, running)."""
        by_play: dict[tuple[str, str], dict[int, Setup]] = {}
        for setup in versions:
            by_play.setdefault((setup.campaign, setup.play), {})[setup.version] = setup
        entries = {
            key: Entry(machine(by_play[key][version].module), by_play[key][version], by_play[key], how)
            for key, (version, how) in running.items()
        }
        return cls(epoch, entries, frozenset(campaign for campaign, _ in entries), audiences, read_ms)

    def promotions(self) -> list[Entry]:
        """The plays that give something to carts, by campaign and name."""
        if self._promotions is None:
            self._promotions = [e for _, e in sorted(self.entries.items()) if e.machine.promotion is not None]
        return self._promotions

    def members(self, campaign: str, mask: int) -> frozenset[str]:
        """Names of the audiences whose bit is set in a membership mask."""
        return frozenset(name for bit, name in self.audiences.get(campaign, ()) if mask >> bit & 1)


class Proof(Struct, frozen=True):
    """What the play's actions must have moved in the pool `account`: sum over `terms` of sign * the field of an event ("":
    how many there are)."""

    account: str
    pool: str
    terms: tuple[tuple[int, str, str], ...]

    def told(self, sums: Mapping[tuple[str, str], int]) -> int:
        """What the events say; `sums` by (event on the wire, field), 0 where there is none."""
        return sum(sign * sums.get((event, field), 0) for sign, event, field in self.terms)


def proofs(setup: Setup) -> list[Proof]:
    """The proofs of a play, of the pools that its rules open."""
    module = machine(setup.module).module
    opened = module.pools(setup.rules)
    return [
        Proof(
            pool_key(setup.id, pool),
            pool,
            tuple(
                (-1 if field.startswith("-") else 1, wire_name(setup.module, event), field.removeprefix("-"))
                for event, field in terms.items()
            ),
        )
        for pool, terms in module.PROOFS.items()
        if pool in opened
    ]


MOVED = """
select coalesce(sum(case when credit = $1 then amount else -amount end), 0)::bigint from transfer
where (debit = $1 or credit = $1) and kind in (0, 2) and starts_with(action, $2 || '/') and at < $3
"""
"""What a play's own actions ($2: its id) moved in an account before a time: in less out. Openings and closings are not theirs."""
