"""What a batch reads while the one before is still being written: as it will be when that has been written.

The earlier batch was decided by the same host, so that its outcome is known; it replaces what was read, and is added to what others
move too, unless what was read shows it already. If somebody else changed any of what it replaces meanwhile, one of the two
batches is not written, and both are decided again.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from miaohui.host.storage import Changes, Loaded, StateRow


class Overlay:
    """The outcome of a batch that is being written."""

    def __init__(self, changes: Changes) -> None:
        self.mark = changes.mark
        self._accounts, self._shared = changes.accounts, changes.shared
        self._states = {change.key: change for change in changes.states}
        self._replies = {id: (hash, body) for id, hash, _, body in changes.replies}
        self._holds, self._settled = changes.holds, changes.settled

    def orders(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Those of the orders that the batch writes: key -> body."""
        found = {key: self._states[key].body for key in keys if key in self._states}
        return {key: body for key, body in found.items() if body is not None}

    def cover(self, loaded: Loaded, states: Iterable[str], accounts: Iterable[str], replies: Iterable[bytes]) -> None:
        """Put the outcome over what was read of these keys."""
        for key in self._accounts.keys() & accounts:
            after = self._accounts[key]
            if loaded.accounts[key].version <= after.version:
                loaded.accounts[key] = replace(after, version=after.version + 1)
        for key in self._shared.keys() & accounts:
            read, moved = loaded.accounts[key], self._shared[key]
            read.debits += moved.debits
            read.credits += moved.credits
            read.debits_pending += moved.debits_pending
            read.credits_pending += moved.credits_pending
            read.version += 1
        rows = loaded.states
        for key in self._states.keys() & states:
            change, row = self._states[key], rows.get(key)
            if row is not None and row.version >= change.version:
                continue
            if change.body is not None:
                rows[key] = StateRow(change.version, change.terms, change.body)
            elif row is not None:
                del rows[key]
        for hold in self._settled:
            loaded.holds.pop(hold.id, None)
        wanted = frozenset(states)
        loaded.holds.update({hold.id: hold for hold in self._holds if hold.keeper in wanted})
        loaded.replies.update({id: self._replies[id] for id in self._replies.keys() & replies})


def unseen(overlays: Sequence[Overlay], loaded: Loaded) -> Sequence[Overlay]:
    """Those of a host's batches, in the order in which they are written, that what was read does not show."""
    marks = [overlay.mark for overlay in overlays]
    return overlays[marks.index(loaded.shows) + 1 :] if loaded.shows in marks else overlays
