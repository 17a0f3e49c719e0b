"""How often a customer may act: at most `count` in any `seconds`, per play. A courtesy against scripts, not a limit of value:
it is kept in memory by each host, and a restart forgets it."""


class Rate:
    """The last actions of each customer on each play."""

    def __init__(self, people_max: int = 200_000) -> None:
        self._recent: dict[tuple[str, str], list[int]] = {}
        self._people_max = people_max

    def full(self, play: str, customer: str, now_ms: int, count: int, seconds: int) -> bool:
        """Whether another action would not fit now; counts nothing."""
        recent = self._recent.get((play, customer), ())
        return len(recent) >= count and now_ms - recent[-count] < seconds * 1000

    def allows(self, play: str, customer: str, now_ms: int, count: int, seconds: int) -> bool:
        """Count this action and say whether it still fits."""
        key = (play, customer)
        recent = self._recent.get(key)
        if recent is None:
            if len(self._recent) >= self._people_max:
                self._recent.clear()
            recent = self._recent[key] = []
        if len(recent) >= count:
            if now_ms - recent[-count] < seconds * 1000:
                return False
            del recent[: len(recent) - count + 1]
        recent.append(now_ms)
        return True
