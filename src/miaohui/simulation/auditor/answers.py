"""One key, one outcome: every answer that was heard is stored as it was heard, and no key got two."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from miaohui.simulation.auditor.record import Finding, Record, Stored


def audit(record: Record, stored: Stored) -> Iterator[Finding]:
    """Answers, keys used for two bodies, events that are there twice."""
    bodies: dict[bytes, set[bytes]] = defaultdict(set)
    for asked in record.asked:
        if asked.granted:
            bodies[asked.id].add(asked.hash)
        for answer in asked.granted:
            if stored.replies.get(asked.id) != answer:
                there = stored.replies.get(asked.id, b"nothing").decode()
                yield Finding("answers", asked.what, f"{there} is stored", f"{answer.decode()}, as it was answered")
        if len(asked.granted) > 1:
            yield Finding("answers", asked.what, f"{len(asked.granted)} different answers", "one")
    for id, hashes in bodies.items():
        if len(hashes) > 1:
            yield Finding("answers", f"key {id.hex()}", f"granted for {len(hashes)} bodies", "one body")
    for event, times in Counter(event.id for event in record.events).items():
        if times > 1:
            yield Finding("answers", f"event {event}", f"{times} times", "once")
