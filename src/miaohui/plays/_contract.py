"""The words between a play and its host: what a play sees, what it answers. A play imports nothing else of Miaohui.

A play is a module in `miaohui/plays/`, found by its name, with
    TITLE, SENTENCES      its name and the sentence of each of its refusals (by code), zh and en; `{price_minor}` and the like
                          are filled from the refusal's data (keys that end in `_minor` are shown as money, `_ms` as a time)
    LABELS                field of `Rules`, class name of an event or name of a pool -> Text
    ICON                  optional: the Tabler icon that stands for it in the console
    Rules                 what the operator sets: an immutable, self-validating version; the first field is `id`
                          ("<campaign>/<play>"). See `_fields` for the types of fields and how a document writes them
    ACTIONS               the actions that customers take: POST /plays/{campaign}/{play}/{snake_case of the class}. The host
                          fills in `who: Who` and `id: str` (32 hex digits, the action's own id: names what the action opens)
    Reply                 what is answered to ACTIONS
    STARTS                the actions (of ACTIONS, or Place) that need the play's window and audience; others go on to the end
    TIMERS                the actions that only timers take
    EVENTS                the events it may emit; on the wire `<play>.<snake_case of the class>`, or the struct's own tag if that
                          has a dot; fields named customer, order, currency, total_minor, discount_minor fill the envelope
    PROOFS                pool -> {event class: what it adds}: "" counts, "field" sums that field, a leading "-" takes away.
                          Audit and review hold it against what the play's own actions moved in that pool (in less out)
    State                 one instance (a party, a coupon), if members matter. The host keeps it with the version of the rules
                          it was born under. Fields named `customer` or `owner` make it findable in that customer's wallet
    pools(rules)          name -> Pool: the accounts that opening the play creates and fills
    touches(rules, action)                             -> (state keys, account keys): from ids only
    decide(rules, states, balances, action, moment)    -> Decision | Refusal: pure. `states` and `balances` are exact, but for pools
                          and the world: of those only that there is room for what is moved (others move them meanwhile)
    flow(rules)           the steps a customer takes, as Texts;  worst_cost(rules)  the most the play can cost (minor units)

    SPREADS               optional, of plays that friends bring friends to: (the event that opens something for them, the event of
                          who takes part in it, the field that both carry); reviews count the waves of a share by it
    prizes(rules)         optional, of plays that draw: every Prize, for the checks of odds, value and law
    stop(key, state)      optional: the timer action that ends an instance when an operator fails all that is open, or None
    promotion(rules)      optional: what the play does to a cart, a `pricing.promotion.Promotion` whose id is the rules'. The host
                          prices all such plays of an order together and hands each what it is to give to `Place`

A play that orders may claim from accepts the order actions `Place`, `Pay`, `Release`, `Refund`; each carries the same `Claim`.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from miaohui.ledger.accounts import (
    CODES,
    USE,
    WITHDRAWN,
    Account,
    Kind,
    Transfer,
    budget_key,
    limit_key,
    on_day,
    piece,
    pool_key,
    sku_key,
    wallet_key,
    world_key,
)
from miaohui.text import Text

__all__ = [
    "CODES",
    "USE",
    "WITHDRAWN",
    "Account",
    "Claim",
    "Decision",
    "Kind",
    "Line",
    "Moment",
    "Pay",
    "Place",
    "Placed",
    "Pool",
    "Prize",
    "Refund",
    "RefundRequested",
    "Refusal",
    "Release",
    "Settled",
    "Text",
    "Transfer",
    "Who",
    "budget_key",
    "limit_key",
    "on_day",
    "piece",
    "pool_key",
    "sku_key",
    "wallet_key",
    "world_key",
]


class Who(Struct, frozen=True, gc=False):
    """Who acts, filled in by the host: internal customer id, keyed hash of each identity by kind ("account" is the customer
    id itself), audiences he was in at launch, consents given, and what the risk check says (pass | hold | deny)."""

    customer: str
    identities: dict[str, str] = {}
    audiences: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    risk: str = "pass"

    def limits(self, play: str, kinds: tuple[str, ...]) -> list[tuple[str, str]]:
        """(kind, key of the counter) of each of his identities that counts in `play` ("<campaign>/<play>")."""
        return [(kind, limit_key(play, kind, self.identities[kind])) for kind in kinds if kind in self.identities]


class Moment(Struct, frozen=True, gc=False):
    """The action's id (16 bytes), the time of its batch (ms since 1970, UTC), its replayable draw (64 bits)."""

    id: bytes
    now_ms: int
    draw: int


class Refusal(Struct, frozen=True, gc=False):
    """An expected no: a stable code and its data. It changes nothing and is not stored. `sentence`: where more can be said than
    the code's own."""

    code: str
    data: dict[str, Any] = {}
    sentence: Text | None = None


class Decision(Struct, frozen=True, kw_only=True, gc=False):
    """What one action causes, all or nothing. A state of None ends the instance, and its timer with it. `timers` are set by the key
    of the state that they are of; None cancels one."""

    reply: Struct
    events: tuple[Struct, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    states: Mapping[str, Struct | None] = {}
    timers: Mapping[str, tuple[int, Struct] | None] = {}


class Pool(Struct, frozen=True):
    """An account that opening the play creates: its unit, what is posted into it and from which account."""

    unit: str
    amount: int = 0
    source: str = ""


class Prize(Struct, frozen=True):
    """What a play may draw: `key` is the field of its `Rules` where it stands; `odds_ppm` None: not written."""

    key: str
    value_minor: int
    count: int
    odds_ppm: int | None = None


class RefundRequested(Struct, frozen=True, tag="refund.requested"):
    """Event: the shop must give back what `customer` paid for `lines` of `order`; `reason` is a code."""

    order: str
    customer: str
    lines: str
    reason: str


class Line(Struct, frozen=True, kw_only=True):
    """One line of an order: the shop's line id, `quantity` of `sku` at `unit_price_minor`; `due_minor` is what the line
    still costs after the claims before this one, `open` whether another claim may take off it (the host fills both in). The
    rest is what the shop says of the product, for promotions."""

    line: str
    sku: str
    quantity: int
    unit_price_minor: int
    due_minor: int = 0
    open: bool = True
    categories: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    min_price_minor: int = 0
    cost_minor: int | None = None
    deposits: int = 0


class Claim(Struct, frozen=True, kw_only=True):
    """What an order wants of a play. `id` (16 bytes, fixed by order and place in it) names the claim's first hold; `who`
    is the order's customer as he was when he placed it; `instance` is the party or token, `coupon` the coupon, `code` what he
    typed, `line` the line it is for (empty: the whole order).

    `given_minor` (line -> discount) is what `Place` gave; it is there for Pay, Release and Refund, as is `kept`, what the play
    noted for them. A promotion finds in `given_minor` what it is to give when it is placed, too. `again`: the order had run out of
    time and was paid all the same, so that what it had reserved is reserved once more. `placed_ms`: when it was placed, which says
    the day that it counts for.
    """

    id: bytes
    order: str
    campaign: str
    play: str
    who: Who
    currency: str
    lines: tuple[Line, ...]
    instance: str = ""
    coupon: str = ""
    code: str = ""
    line: str = ""
    given_minor: dict[str, int] = {}
    kept: dict[str, int] = {}
    again: bool = False
    placed_ms: int = 0

    def hold(self, n: int) -> bytes:
        """Id of the claim's n-th hold, the same in Place, Pay and Release."""
        return ((int.from_bytes(self.id, "big") + n) % (1 << 128)).to_bytes(16, "big")

    def target(self) -> Line:
        """The line it is for; the first one if the shop did not say."""
        return next((line for line in self.lines if line.line == self.line), self.lines[0])

    def keeper(self) -> str:
        """The state key with which the claim's holds are loaded: the order's."""
        return f"order/{self.order}"


class Place(Struct, frozen=True, tag=True):
    """An order was placed that claims from this play: reserve."""

    claim: Claim


class Pay(Struct, frozen=True, tag=True):
    """The order was paid: what was reserved is given."""

    claim: Claim


class Release(Struct, frozen=True, tag=True):
    """The order was cancelled or ran out of time: what was reserved goes back."""

    claim: Claim


class Refund(Struct, frozen=True, tag=True):
    """The shop took goods back: `quantities` of each line, `left` of it is still with the customer; `whole`: nothing is.
    `back_minor`: what of the claim's discount comes back with them; `earlier_minor`: what came back with earlier ones."""

    claim: Claim
    quantities: dict[str, int]
    left: dict[str, int]
    whole: bool
    back_minor: int = 0
    earlier_minor: int = 0


class Placed(Struct, frozen=True):
    """Reply to Place: what the claim takes off each line (line -> minor units), how long it is reserved, whether nothing else
    may be taken off these lines (`alone`), and what the play wants to find again in `claim.kept`."""

    given_minor: dict[str, int]
    pay_minutes: int = 15
    alone: bool = False
    kept: dict[str, int] = {}


class Settled(Struct, frozen=True):
    """Reply to Pay, Release and Refund. `refund`: the shop must give the money back (why, as a code)."""

    refund: str = ""


class Play(Protocol):
    """A play's module, as the host sees it."""

    __name__: str
    __doc__: str | None
    TITLE: Text
    SENTENCES: dict[str, Text]
    LABELS: dict[str, Text]
    ACTIONS: tuple[type[Struct], ...]
    STARTS: tuple[type[Struct], ...]
    TIMERS: tuple[type[Struct], ...]
    EVENTS: tuple[type[Struct], ...]
    PROOFS: dict[str, dict[type[Struct], str]]
    Rules: type[Struct]
    Reply: type[Struct]

    @staticmethod
    def pools(rules: Any) -> dict[str, Pool]: ...
    @staticmethod
    def touches(rules: Any, action: Any) -> tuple[tuple[str, ...], tuple[str, ...]]: ...
    @staticmethod
    def decide(
        rules: Any, states: Mapping[str, Any], balances: Mapping[str, Account], action: Any, moment: Moment
    ) -> Decision | Refusal: ...
    @staticmethod
    def flow(rules: Any) -> tuple[Text, ...]: ...
    @staticmethod
    def worst_cost(rules: Any) -> int: ...
