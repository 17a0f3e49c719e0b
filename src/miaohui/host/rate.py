"""How often a customer may act: at most `count` in any `seconds`, per play. A courtesy against scripts, not a limit of value:
it is kept in memory by each host, and a restart forgets it."""

from collections import deque


class Rate:
    """The last actions of each customer on each play."""

    def __init__(self, people_max: int = 200_000) -> None:
        self._recent: dict[tuple[str, str], deque[int]] = {}
        self._people_max = people_max

    def allows(self, play: str, customer: str, now_ms: int, count: int, seconds: int) -> bool:
        """Count this action and say whether it still fits."""
        key = (play, customer)
        recent = self._recent.get(key)
        if recent is None:
            if len(self._recent) >= self._people_max:
                self._recent.clear()
            recent = self._recent[key] = deque(maxlen=count)
        if len(recent) == count and now_ms - recent[0] < seconds * 1000:
            return False
        recent.append(now_ms)
        return True
