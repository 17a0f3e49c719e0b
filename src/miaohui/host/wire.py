"""A batch as PostgreSQL receives it: arrays of the row types of `host_store` in its binary format, joined from pieces.

An array of rows is `dimensions, has nulls, type of the rows, how many, 1`, then each row after its length; a row is the number of
its fields, then each field as `type, length, data` (`array_recv` and `record_recv` of PostgreSQL say so). A driver that finds out
for each value what it is takes longer, and does so when the batch could already be on its way: here a batch is packed while the one
before is still being written. What repeats within a batch (keys of pools, amounts, actions) is packed once.
"""

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from miaohui.host.storage import Changes, Moved, StateChange, Timer
from miaohui.ledger.accounts import Account, Hold, Transfer

ROW_TYPES = ("host_state", "host_account", "host_transfer", "host_hold", "host_reply", "host_timer", "host_share")

_int4 = struct.Struct("!i").pack
_LENGTHS = [_int4(n) for n in range(2048)]
_NULL = _int4(-1)
# PostgreSQL's numbers of its own types, with the length where it is always the same
_BYTEA, _INT8, _TEXT = _int4(17), _int4(20), _int4(25)
_BOOL_1, _INT2_2, _INT4_4 = _int4(16) + _int4(1), _int4(21) + _int4(2), _int4(23) + _int4(4)
_INT8_8, _BYTEA_16 = _INT8 + _int4(8), _BYTEA + _int4(16)
_NO_TIMER = _INT8 + _NULL + _BYTEA + _NULL


class _Fields(dict[Any, bytes]):
    """Value -> its field or fields, packed once."""

    def __init__(self, pack: Callable[[Any], bytes]) -> None:
        self._pack = pack

    def __missing__(self, value: Any) -> bytes:
        field = self[value] = self._pack(value)
        return field


class Wire:
    """Packs batches; `types` are the numbers of the row types in this database."""

    def __init__(self, types: dict[str, int]) -> None:
        self._types = {name: types[name].to_bytes(4, "big") for name in ROW_TYPES}

    def pack(self, changes: Changes) -> tuple[bytes, ...]:
        """born, states, ended, opened, accounts, transfers, holds, replies, timers, shared: the arrays of `host_store`."""
        texts: _Fields = _Fields(_text)
        states, accounts, timers = changes.states, changes.accounts.items(), changes.timers
        written = {state.key for state in states}
        later = [state for state in states if state.version > 1]
        return (
            self._states([state for state in states if state.version == 1], timers),
            self._states([state for state in later if state.body is not None], timers),
            self._states([state for state in later if state.body is None], {}),
            self._accounts([(key, a) for key, a in accounts if not a.version], texts),
            self._accounts([(key, a) for key, a in accounts if a.version], texts),
            self._transfers(changes.transfers, texts),
            self._holds(changes.holds, texts),
            self._replies(changes.replies, texts),
            self._timers([(key, timer) for key, timer in timers.items() if key not in written], texts),
            self._shares(changes.shared, texts),
        )

    def _states(self, states: Iterable[StateChange], timers: dict[str, Timer | None]) -> bytes:
        tails: _Fields = _Fields(_state_tail)
        rows = []
        for key, version, campaign, play, terms, customer, body in states:
            timed, timer, data = key in timers, timers.get(key), key.encode()
            due, source = (
                (_NO_TIMER, None) if timer is None else (_int8(timer.due_ms) + _bytea(timer.action), timer.source)
            )
            owner = _NULL if customer is None else _sized(customer.encode())
            tail = tails[version, campaign, play, terms, timed, source]
            content = _bytea(body)
            rows.append(b"".join((_LENGTHS[11], _TEXT, _sized(data), _TEXT, owner, content, due, tail)))
        return self._array("host_state", rows)

    def _accounts(self, accounts: Iterable[tuple[str, Account]], texts: dict[str, bytes]) -> bytes:
        tails: _Fields = _Fields(_account_tail)
        rows = [
            _LENGTHS[9]
            + texts[key]
            + tails[
                a.unit, a.debits, a.credits, a.debits_pending, a.credits_pending, a.overdraft, a.ceiling, a.version + 1
            ]
            for key, a in accounts
        ]
        return self._array("host_account", rows)

    def _transfers(self, transfers: Iterable[tuple[bytes, Transfer, str]], texts: dict[str, bytes]) -> bytes:
        tails: _Fields = _Fields(_transfer_tail)
        head = _LENGTHS[7] + _BYTEA_16
        rows = [
            b"".join((head, id, texts[t.debit], texts[t.credit], tails[t.amount, t.kind, t.pending, action]))
            for id, t, action in transfers
        ]
        return self._array("host_transfer", rows)

    def _holds(self, holds: Iterable[Hold], texts: dict[str, bytes]) -> bytes:
        rows = [
            b"".join((_LENGTHS[5], _bytea(h.id), texts[h.keeper], texts[h.debit], texts[h.credit], _int8(h.amount)))
            for h in holds
        ]
        return self._array("host_hold", rows)

    def _replies(self, replies: Iterable[tuple[bytes, bytes, str, bytes]], texts: dict[str, bytes]) -> bytes:
        rows = [
            b"".join((_LENGTHS[4], _bytea(id), _bytea(hash), texts[campaign], _bytea(body)))
            for id, hash, campaign, body in replies
        ]
        return self._array("host_reply", rows)

    def _timers(self, timers: Iterable[tuple[str, Timer | None]], texts: dict[str, bytes]) -> bytes:
        rows = []
        for key, timer in timers:
            fields = _NO_TIMER + _TEXT + _NULL
            if timer is not None:
                fields = _int8(timer.due_ms) + _bytea(timer.action) + texts[timer.source]
            rows.append(_LENGTHS[4] + texts[key] + fields)
        return self._array("host_timer", rows)

    def _shares(self, shared: dict[str, Moved], texts: dict[str, bytes]) -> bytes:
        rows = [_LENGTHS[5] + texts[key] + b"".join(map(_int8, moved)) for key, moved in shared.items()]
        return self._array("host_share", rows)

    def _array(self, row_type: str, rows: Sequence[bytes]) -> bytes:
        if not rows:
            return _LENGTHS[0] + _LENGTHS[0] + self._types[row_type]
        pieces = [_LENGTHS[1], _LENGTHS[0], self._types[row_type], _int4(len(rows)), _LENGTHS[1]]
        for row in rows:
            pieces += (_length(row), row)
        return b"".join(pieces)


def _length(data: bytes) -> bytes:
    n = len(data)
    return _LENGTHS[n] if n < 2048 else _int4(n)


def _sized(data: bytes) -> bytes:
    return _length(data) + data


def _text(text: str | None) -> bytes:
    return _TEXT + (_NULL if text is None else _sized(text.encode()))


def _bytea(data: bytes | None) -> bytes:
    return _BYTEA + (_NULL if data is None else _sized(data))


def _int8(n: int | None) -> bytes:
    return _INT8 + _NULL if n is None else _INT8_8 + n.to_bytes(8, "big", signed=True)


def _bool(true: bool) -> bytes:
    return _BOOL_1 + (b"\1" if true else b"\0")


def _state_tail(of: tuple[int, str, str, int, bool, str | None]) -> bytes:
    version, campaign, play, terms, timed, source = of
    number = _INT4_4 + terms.to_bytes(4, "big", signed=True)
    return _int8(version) + _text(campaign) + _text(play) + number + _bool(timed) + _text(source)


def _account_tail(of: tuple[str, int, int, int, int, bool, int | None, int]) -> bytes:
    unit, debits, credits, debits_pending, credits_pending, overdraft, ceiling, version = of
    totals = _int8(debits) + _int8(credits) + _int8(debits_pending) + _int8(credits_pending)
    return _text(unit) + totals + _bool(overdraft) + _int8(ceiling) + _int8(version)


def _transfer_tail(of: tuple[int, int, bytes, str]) -> bytes:
    amount, kind, pending, action = of
    return _int8(amount) + _INT2_2 + kind.to_bytes(2, "big") + _bytea(pending or None) + _text(action)
