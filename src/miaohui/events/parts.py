"""Looks whether what the embedded engine says it has written is on the disk, and takes it back where it is not.

The engine (chDB 26.9) loses the errors of its own writes: an insert whose files could not grow (a quota, RLIMIT_FSIZE) answers
like any other, its part is in place with files that are empty or cut off, and is thrown away when the table is loaded next.
A merge can do the same, to rows that were safe; the parts it was made of stay on the disk for eight minutes. So each part
is checked (`check table ... part`: sizes and checksums of every file) when it is first seen, after every write and once a
minute by the relay; a table with a part that fails is loaded anew, which puts such parts into its folder `detached` and
brings back what they were merged of. The write then counts as failed: the rows are sent again and compared (`mend`).

A part is one insert, or a merge of several; of one beyond `READ_MAX` bytes only the size is looked at, because reading it would
take longer than a query may. What is loaded at the start the engine has checked itself.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

READ_MAX = 256 << 20

_PARTS = (
    "select table, name, path, bytes_on_disk as bytes from system.parts where active and database = currentDatabase()"
)
_CHECK = "check table `{table}` part '{name}' settings check_query_single_value_result = 1"


class NotWritten(RuntimeError):
    """The engine took rows and did not write them. They are not there any more: send them again by `mend`."""


class Parts:
    """The parts of one database: which are known to be whole, and which tables are being loaded anew."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._away: set[str] = set()
        self._lock = threading.Lock()
        self._taken_back = 0

    def know(self, client: Any) -> None:
        """Take all that is there for whole: it was loaded a moment ago."""
        self._whole = {part["path"] for part in _parts(client)}

    def written(self, client: Any, work: Callable[[Any], Any]) -> None:
        """Do a piece of work that writes. NotWritten, if anything was taken back meanwhile, by whichever thread."""
        with self._lock:
            self._bring_back(client)
            before = self._taken_back
        work(client)
        self.check(client)
        if self._taken_back != before:
            raise NotWritten("the event store could not write (is its disk full?)")

    def check(self, client: Any) -> None:
        """Look at every part that is new. NotWritten, if one was not whole; its table has been loaded anew then."""
        with self._lock:
            self._bring_back(client)
            parts = _parts(client)
            broken = [part for part in parts if part["path"] not in self._whole and not _is_whole(client, part)]
            self._whole = {part["path"] for part in parts} - {part["path"] for part in broken}
            self._taken_back += len(broken)
            self._away = {part["table"] for part in broken}
            for table in sorted(self._away):
                client.command(f"detach table if exists `{table}` sync")
            self._bring_back(client)
        if broken:
            names = ", ".join(f"{part['table']}/{part['name']}" for part in broken)
            raise NotWritten(f"the event store could not write (is its disk full?); taken back: {names}")

    def _bring_back(self, client: Any) -> None:
        """Load the tables that were let go of, and those whose loading failed the last time."""
        for table in sorted(self._away):
            client.command(f"attach table if not exists `{table}`")
            self._away.discard(table)


def _parts(client: Any) -> list[dict[str, Any]]:
    return list(client.query(_PARTS).named_results())


def _is_whole(client: Any, part: dict[str, Any]) -> bool:
    if part["bytes"] > READ_MAX:
        return bool(sum(file.stat().st_size for file in Path(part["path"]).rglob("*")) >= part["bytes"])
    return bool(client.query(_CHECK.format(**part)).first_row[0])
