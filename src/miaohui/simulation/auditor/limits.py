"""How often each identity took part, from events: never above what the rules allow, and what is counted is what is stored."""

from collections import defaultdict
from collections.abc import Iterator

from miaohui.simulation.auditor.record import Finding, Record, Stored, Version


class Limits:
    """The counters of one play. A customer counts with every identity that the play's rules name."""

    def __init__(self, record: Record, versions: list[Version]) -> None:
        self.record, self.versions = record, versions
        self.play = f"{versions[0].campaign}/{versions[0].play}"
        self.counted: dict[str, int] = defaultdict(int)

    def most(self, at_ms: int) -> int:
        """The largest limit that any version up to `at_ms` had: who entered under a version keeps it."""
        return max(int(v.rules["per_customer"]) for v in self.versions if v.at_ms <= at_ms)

    def add(self, customer: str, times: int, at_ms: int) -> Iterator[Finding]:
        """The customer took part so often, or gave it back."""
        for kind, hash in self.record.people[customer].items():
            if kind in self.versions[0].rules["identities"]:
                key = f"limit/{self.play}/{kind}/{hash}"
                self.counted[key] += times
                if not 0 <= self.counted[key] <= self.most(at_ms):
                    yield Finding("limits", key, str(self.counted[key]), f"0 to {self.most(at_ms)}")

    def beside(self, stored: Stored) -> Iterator[Finding]:
        """The stored counters."""
        keys = {key for key in stored.accounts if key.startswith(f"limit/{self.play}/")}
        for key in sorted(keys | self.counted.keys()):
            if stored.account(key).received() != self.counted[key]:
                yield Finding("limits", key, str(stored.account(key).received()), f"{self.counted[key]} by events")
