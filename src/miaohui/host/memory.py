"""A storage in memory with the contract of the durable one: for tests and, later, rehearsal in virtual time."""

from collections.abc import Callable

from msgspec.structs import replace
from uuid_utils import uuid7

from miaohui.clock import Clock
from miaohui.events.envelope import Event
from miaohui.host.setup import Register, Running, Setup
from miaohui.host.storage import Acquaintance, Changes, Due, Loaded, Moved, Person, Raced, StateRow
from miaohui.host.submission import Customer
from miaohui.ledger.accounts import Account, Hold, Transfer


class Memory:
    """Everything in dicts; `clock` is the only time there is; `new_id` names customers that the shop brings."""

    def __init__(self, clock: Clock, new_id: Callable[[Customer], str] = lambda _: str(uuid7())) -> None:
        self.new_id = new_id
        self.clock, self.epoch, self._last_ms = clock, 1, 0
        self.setups: list[Setup] = []
        self.running: dict[tuple[str, str], tuple[int, Running]] = {}
        self.audiences: dict[str, tuple[tuple[int, str], ...]] = {}
        self.people: dict[str, Person] = {}
        self.customers: dict[str, str] = {}
        self.hashes: dict[str, str] = {}
        self.states: dict[str, StateRow] = {}
        self.owners: dict[str, str] = {}
        self.places: dict[str, tuple[str, str]] = {}
        self.accounts: dict[str, Account] = {}
        self.kept: dict[str, dict[bytes, Hold]] = {}
        self.replies: dict[bytes, tuple[bytes, bytes]] = {}
        self.transfers: list[tuple[bytes, Transfer, str]] = []
        self.events: list[Event] = []
        self.timers: dict[str, Due] = {}
        self.mark = 0
        self._locked = False

    def holds(self) -> list[Hold]:
        """Every open hold."""
        return [hold for holds in self.kept.values() for hold in holds.values()]

    def set_up(self, setup: Setup, running: Running = "running") -> None:
        """Make a version of a play the current one."""
        self.setups.append(setup)
        self.running[setup.campaign, setup.play] = (setup.version, running)
        self.epoch += 1

    async def moved(self, epoch: int) -> bool:
        """See `Storage`."""
        return self.epoch != epoch

    async def register(self) -> Register:
        """See `Storage`."""
        return Register.of(self.epoch, self.setups, self.running, self.audiences, max(self._last_ms, self.clock()))

    async def acquaint(self, customers: list[Customer], orders: list[str]) -> Acquaintance:
        """See `Storage`."""
        for c in customers:
            if not c.id and c.shop_hash not in self.customers:
                self.customers[c.shop_hash] = self.new_id(c)
                self.hashes[self.customers[c.shop_hash]] = c.shop_hash
        ids = [c.id or self.customers[c.shop_hash] for c in customers]
        known = self._known(ids)
        known.orders = {key: self.states[key].body for key in orders if key in self.states}
        return known

    def _known(self, ids: list[str]) -> Acquaintance:
        by_hash = {self.hashes[id]: id for id in ids if id in self.hashes}
        return Acquaintance(by_hash, {id: self.people[id] for id in ids if id in self.people})

    async def lock(self, states: list[str], accounts: list[str]) -> None:
        """See `Storage`. Nobody else is there."""
        self._locked = True

    async def peek(
        self,
        states: list[str],
        accounts: list[str],
        replies: list[bytes],
        customers: list[str],
        *,
        locked: bool = False,
    ) -> Loaded:
        """See `Storage`."""
        self._last_ms = max(self._last_ms, self.clock())
        return Loaded(
            now_ms=self._last_ms,
            epoch=self.epoch,
            states={key: self.states[key] for key in states if key in self.states},
            accounts={key: replace(self.accounts[key]) if key in self.accounts else Account() for key in accounts},
            holds={id: hold for key in states for id, hold in self.kept.get(key, {}).items()},
            replies={id: self.replies[id] for id in replies if id in self.replies},
            known=self._known(customers),
            shows=self.mark,
        )

    def prepare(self, changes: Changes) -> Changes:
        """See `Storage`."""
        return changes

    async def write(self, changes: Changes) -> None:
        """See `Storage`."""
        self._compare(changes)
        self._locked = False
        for state in changes.states:
            if state.body is None:
                self.states.pop(state.key, None)
                self.owners.pop(state.key, None)
                self.timers.pop(state.key, None)
            else:
                self.states[state.key] = StateRow(state.version, state.terms, state.body)
                self.owners[state.key] = state.customer or ""
                self.places[state.key] = (state.campaign, state.play)
        for key, account in changes.accounts.items():
            self.accounts[key] = replace(account, version=account.version + 1)
        for key, moved in changes.shared.items():
            self.accounts[key] = _after(self.accounts[key], moved)
        self.transfers += changes.transfers
        for hold in changes.settled:
            del self.kept[hold.keeper][hold.id]
        for hold in changes.holds:
            self.kept.setdefault(hold.keeper, {})[hold.id] = hold
        for id, hash, _, body in changes.replies:
            self.replies[id] = (hash, body)
        self.events += changes.events
        for key, due_ms in changes.spent:
            if key in self.timers and self.timers[key].due_ms == due_ms:
                del self.timers[key]
        for key, timer in changes.timers.items():
            if timer is None:
                self.timers.pop(key, None)
            elif key in self.states:
                self.timers[key] = Due(key, timer.due_ms, *self.places[key], timer.action, timer.source)
        self.mark = changes.mark

    def _compare(self, changes: Changes) -> None:
        """Raced if anything was changed since it was read."""
        states = {x.key: x.version - 1 for x in changes.states} | changes.seen_states
        accounts = {key: a.version for key, a in changes.accounts.items()} | changes.seen_accounts
        moved = [key for key, v in states.items() if v != (self.states[key].version if key in self.states else 0)]
        moved += [
            key for key, v in accounts.items() if v != (self.accounts[key].version if key in self.accounts else 0)
        ]
        short = [key for key, added in changes.shared.items() if not _holds(_after(self.accounts[key], added))]
        assert not (short and self._locked), f"there is no room for what was moved: {short}"
        moved += short
        if self.epoch != changes.epoch:
            moved.append("the plays")
        if moved:
            raise Raced(", ".join(moved))

    async def rollback(self) -> None:
        """See `Storage`. Nothing is written by halves."""
        self._locked = False

    async def due(self, limit: int) -> list[Due]:
        """See `Storage`."""
        now_ms = self.clock()
        return sorted((t for t in self.timers.values() if t.due_ms <= now_ms), key=lambda t: (t.due_ms, t.key))[:limit]

    async def close(self) -> None:
        """See `Storage`."""


def _after(a: Account, moved: Moved) -> Account:
    return replace(
        a,
        debits=a.debits + moved.debits,
        credits=a.credits + moved.credits,
        debits_pending=a.debits_pending + moved.debits_pending,
        credits_pending=a.credits_pending + moved.credits_pending,
        version=a.version + 1,
    )


def _holds(a: Account) -> bool:
    return (a.overdraft or a.room() >= 0) and (a.ceiling is None or a.received() <= a.ceiling)
