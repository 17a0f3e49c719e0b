"""Critical path and slack of twelve tasks; days on the calendar; a circle named."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miaohui.calendar.schedule import Circle, Piece, Ruler, critical, schedule
from miaohui.calendar.workdays import Workdays

TASKS = {
    "goal": (2, ()),
    "play-rules": (2, ("goal",)),
    "copy": (3, ("play-rules",)),
    "visuals": (4, ("copy",)),
    "pages": (3, ("visuals",)),
    "products": (2, ("goal",)),
    "supplier-stock": (8, ("products",)),
    "channels": (6, ("play-rules",)),
    "rehearsal": (2, ("pages", "supplier-stock", "channels")),
    "approval": (1, ("rehearsal",)),
    "warm-up": (5, ("approval",)),
    "customer-service": (2, ("play-rules",)),
}


def pieces(tasks: dict[str, tuple[int, tuple[str, ...]]]) -> list[Piece]:
    return [Piece(id=id, workdays=n, after=after) for id, (n, after) in tasks.items()]


def test_twelve_tasks() -> None:
    places = schedule(pieces(TASKS))
    path = ("goal", "play-rules", "copy", "visuals", "pages", "rehearsal", "approval", "warm-up")
    assert critical(places) == path
    assert max(place.ends for place in places.values()) == 22
    slack = {id: place.slack for id, place in places.items() if place.slack}
    assert slack == {"supplier-stock": 2, "products": 2, "channels": 4, "customer-service": 16}
    assert sum(places[id].workdays for id in path[:-1]) == 17  # from the first day of work to the warm-up


def test_a_deadline_can_come_too_early() -> None:
    late = schedule([Piece(id="copy", workdays=5, ready=2, deadline=4), Piece(id="print", workdays=2, after=("copy",))])
    assert (late["copy"].slack, late["print"].slack) == (-3, 0)


def test_a_circle_is_refused_with_its_names() -> None:
    with pytest.raises(Circle) as circle:
        schedule(pieces({"copy": (1, ("print",)), "print": (1, ("copy",)), "goal": (1, ())}))
    assert sorted(set(circle.value.names)) == ["copy", "print"]
    assert circle.value.names[0] == circle.value.names[-1]


def test_workdays_are_counted_from_the_first() -> None:
    ruler = Ruler(Workdays(""), date(2026, 8, 29))  # a Saturday
    assert [ruler.day(n) for n in (0, 4, 5)] == [date(2026, 8, 31), date(2026, 9, 4), date(2026, 9, 7)]
    assert [ruler.number(date(2026, 9, n)) for n in (1, 5, 7)] == [1, 5, 5]


def test_a_task_after_nobody_knows_what_simply_begins() -> None:
    assert schedule(pieces({"copy": (2, ("nothing",))}))["copy"].earliest == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.sets(st.integers(0, 9))), min_size=1, max_size=10))
def test_nothing_begins_before_what_it_waits_for(drawn: list[tuple[int, set[int]]]) -> None:
    tasks = {str(n): (days, tuple(str(a) for a in after if a < n)) for n, (days, after) in enumerate(drawn)}
    places = schedule(pieces(tasks))
    for id, (_, after) in tasks.items():
        assert all(places[a].ends <= places[id].earliest for a in after)
        assert all(places[a].latest + places[a].workdays <= places[id].latest for a in after)
        assert places[id].slack >= 0
    assert critical(places)
