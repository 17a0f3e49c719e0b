"""The life of a campaign as a table: every verb from every state, allowed or not; and the clock."""

import pytest

from miaohui.campaign.lifecycle import (
    FROM,
    PERMISSION,
    STATE_NAMES,
    VERB_NAMES,
    Forbidden,
    State,
    Status,
    Step,
    Verb,
    edited,
    possible,
    step,
    tick,
)
from miaohui.campaign.phases import Phases
from miaohui.team.roles import PERMISSIONS

PHASES = Phases(warm_up_ms=100, live_ms=200, wrap_up_ms=300)

ALLOWED: dict[tuple[Verb, State], tuple[State, str | None]] = {
    ("submit", "draft"): ("in_review", None),
    ("approve", "in_review"): ("approved", None),
    ("reject", "in_review"): ("draft", None),
    ("open", "approved"): ("live", "open"),
    ("pause", "warm_up"): ("warm_up", "pause"),
    ("pause", "live"): ("live", "pause"),
    ("stop", "warm_up"): ("wrap_up", "close"),
    ("stop", "live"): ("wrap_up", "close"),
    ("stop", "wrap_up"): ("wrap_up", "close"),
    ("close_review", "wrap_up"): ("reviewed", "close"),
    ("archive", "draft"): ("archived", None),
    ("archive", "approved"): ("archived", None),
    ("archive", "reviewed"): ("archived", None),
}
"""At 250, while plays are open: verb and state -> state and effect. Everything else is forbidden."""


def status(state: State, **more: int) -> Status:
    """A campaign of one version, as it stands in `state`."""
    flags = {"submitted": 1 if state == "in_review" else 0, "approved": 0 if state in ("draft", "in_review") else 1}
    return Status(state=state, **flags | more)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", STATE_NAMES)
@pytest.mark.parametrize("verb", FROM)
def test_every_verb_from_every_state(verb: Verb, state: State) -> None:
    if (verb, state) in ALLOWED:
        done = step(status(state), verb, PHASES, 250)
        assert (done.status.state, done.effect) == ALLOWED[verb, state]
    else:
        with pytest.raises(Forbidden) as refused:
            step(status(state), verb, PHASES, 250)
        assert refused.value.status == status(state)


def test_what_is_possible_is_what_is_not_forbidden() -> None:
    assert possible(status("live"), PHASES, 250) == ("pause", "stop")
    assert possible(status("live", paused=True), PHASES, 250) == ("resume", "stop")
    assert possible(status("in_review"), PHASES, 250) == ("approve", "reject")
    assert possible(status("approved"), PHASES, 300) == ("archive",)


def test_every_verb_has_a_name_and_a_permission_that_exists() -> None:
    assert set(PERMISSION) == set(FROM) == set(VERB_NAMES)
    assert set(PERMISSION.values()) <= set(PERMISSIONS)


@pytest.mark.parametrize(
    ("now_ms", "state"), [(0, "warm_up"), (199, "warm_up"), (200, "live"), (299, "live"), (300, "already_over")]
)
def test_opening_by_hand_looks_at_the_phases(now_ms: int, state: str) -> None:
    if state == "already_over":
        with pytest.raises(Forbidden, match="already_over"):
            step(status("approved"), "open", PHASES, now_ms)
    else:
        assert step(status("approved"), "open", PHASES, now_ms) == Step(
            Status(state=state, approved=1),  # type: ignore[arg-type]
            "open",
        )


@pytest.mark.parametrize(
    ("state", "now_ms", "then", "effect"),
    [
        ("approved", 99, None, None),
        ("approved", 100, "warm_up", "open"),
        ("approved", 250, "live", "open"),
        ("approved", 300, None, None),
        ("warm_up", 199, None, None),
        ("warm_up", 200, "live", None),
        ("warm_up", 300, "wrap_up", "close"),
        ("live", 299, None, None),
        ("live", 300, "wrap_up", "close"),
        ("draft", 250, None, None),
        ("in_review", 250, None, None),
        ("wrap_up", 999, None, None),
        ("reviewed", 999, None, None),
        ("archived", 250, None, None),
    ],
)
def test_what_the_clock_does(state: State, now_ms: int, then: State | None, effect: str | None) -> None:
    done = tick(status(state), PHASES, now_ms)
    assert (done and done.status.state, done and done.effect) == (then, effect)


def test_a_pause_is_kept_by_the_clock_until_the_end() -> None:
    paused = status("warm_up", paused=True)
    assert tick(paused, PHASES, 200) == Step(status("live", paused=True))
    assert tick(status("live", paused=True), PHASES, 300) == Step(status("wrap_up"), "close")


def test_pause_and_resume_are_each_others_way_back() -> None:
    paused = step(status("live"), "pause", PHASES, 250).status
    assert paused == status("live", paused=True)
    assert step(paused, "resume", PHASES, 250) == Step(status("live"), "resume")
    with pytest.raises(Forbidden, match="already_paused"):
        step(paused, "pause", PHASES, 250)
    with pytest.raises(Forbidden, match="not_paused"):
        step(status("live"), "resume", PHASES, 250)


def test_an_edit_before_the_opening_needs_approval_again() -> None:
    for state in ("draft", "in_review", "approved"):
        assert edited(status(state)) == Status(version=2)


@pytest.mark.parametrize("state", ["wrap_up", "reviewed", "archived"])
def test_what_has_ended_is_not_edited(state: State) -> None:
    with pytest.raises(Forbidden, match="not_from_here"):
        edited(status(state))


def test_an_edit_while_it_is_open_runs_from_its_approval_on() -> None:
    changed = edited(status("live"))
    assert changed == Status(state="live", version=2, approved=1)
    with pytest.raises(Forbidden, match="nothing_new"):
        step(changed, "approve", PHASES, 250)
    waiting = step(changed, "submit", PHASES, 250).status
    assert waiting == Status(state="live", version=2, submitted=2, approved=1)
    with pytest.raises(Forbidden, match="nothing_new"):
        step(waiting, "submit", PHASES, 250)
    assert step(waiting, "reject", PHASES, 250) == Step(changed)
    assert step(waiting, "approve", PHASES, 250) == Step(Status(state="live", version=2, approved=2), "change")


def test_the_version_that_was_seen_is_the_one_that_is_approved() -> None:
    with pytest.raises(Forbidden, match="other_version"):
        step(status("in_review", version=2, submitted=2), "approve", PHASES, 250, version=1)
    assert step(status("in_review"), "approve", PHASES, 250, version=1).status.approved == 1


def test_a_stop_ends_a_pause_and_is_remembered() -> None:
    assert step(status("live", paused=True), "stop", PHASES, 250) == Step(status("wrap_up", stopped=True), "close")
