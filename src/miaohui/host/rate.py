"""How often a customer may act: at most `count` in any `seconds`, per play. A courtesy against scripts, not a limit of value:
it is kept in memory by each host, and a restart forgets it."""


class Rate:
    """The last actions of each customer on each play. Kept in tuples: nothing that the garbage collector has to walk."""

    def __init__(self, people_max: int = 200_000) -> None:
        self._plays: dict[str, dict[str, tuple[int, ...]]] = {}
        self._people, self._people_max = 0, people_max

    def full(self, play: str, customer: str, now_ms: int, count: int, seconds: int) -> bool:
        """Whether another action would not fit now; counts nothing."""
        recent = self._plays.get(play, {}).get(customer, ())
        return len(recent) >= count and now_ms - recent[-count] < seconds * 1000

    def allows(self, play: str, customer: str, now_ms: int, count: int, seconds: int) -> bool:
        """Count this action and say whether it still fits."""
        recent = self._plays.get(play, {}).get(customer, ())
        if not recent:
            if self._people >= self._people_max:
                self._plays, self._people = {}, 0
            self._people += 1
        if len(recent) >= count:
            if now_ms - recent[-count] < seconds * 1000:
                return False
            recent = recent[len(recent) - count + 1 :]
        self._plays.setdefault(play, {})[customer] = (*recent, now_ms)
        return True
