"""A change of the text by a program keeps the operator's hand; two people's changes come together field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miaohui.campaign.changes import Change, Conflict, changes, merge
from miaohui.campaign.edits import CannotEdit, Edit, edit

TEXT = """\
# The fair.
campaign = "tea"   # its id

[plays.noon]   # at noon
stock   = 20   # twenty
give = { a = "5 off", b = "1 off" }   # two

# work
[[tasks]]
id = "copy"
[[tasks]]
id = "print"   # last
[budget]
total = 500.00
"""

EDITS = [
    ("a value", Edit(("plays", "noon", "stock"), "25"), "stock   = 20   # twenty", "stock   = 25   # twenty"),
    ("in an inline table", Edit(("plays", "noon", "give", "a"), '"7 off"'), 'a = "5 off"', 'a = "7 off"'),
    ("one more in an inline table", Edit(("plays", "noon", "give", "c"), '"2 off"'), 'b = "1 off" }', 'b = "1 off", c = "2 off" }'),
    ("out of an inline table", Edit(("plays", "noon", "give", "a"), ""), '{ a = "5 off", b', "{ b"),
    ("in an element", Edit(("tasks", 1, "id"), '"post"'), '"print"', '"post"'),
    ("a key more", Edit(("tasks", 0, "owner"), '"lin"'), 'id = "copy"\n', 'id = "copy"\nowner = "lin"\n'),
    ("an element less", Edit(("tasks", 0), ""), '[[tasks]]\nid = "copy"\n', ""),
    ("a table", Edit(("control", "share"), "5"), "total = 500.00\n", "total = 500.00\n[control]\nshare = 5\n"),
    ("an amount as it is spelled", Edit(("budget", "total"), "1_000.50"), "500.00", "1_000.50"),
]  # fmt: skip


@pytest.mark.parametrize("case", EDITS, ids=[case[0] for case in EDITS])
def test_one_edit_changes_one_place(case: tuple) -> None:  # type: ignore[type-arg]
    _, change, old, new = case
    assert old in TEXT
    after = edit(TEXT, [change])
    assert after.replace("\n\n", "\n") == TEXT.replace(old, new, 1).replace("\n\n", "\n")


def test_what_cannot_be_edited_is_refused() -> None:
    for text, change in (
        ("a = ", Edit(("b",), "1")),
        (TEXT, Edit(("b",), "one")),
        (TEXT, Edit(("tasks", 7, "id"), "1")),
    ):
        with pytest.raises(CannotEdit):
            edit(text, [change])


def test_changes_are_named_by_field() -> None:
    new = edit(TEXT, [Edit(("plays", "noon", "stock"), "25"), Edit(("budget",), ""), Edit(("theme",), '"a"')])
    assert changes(TEXT, new) == [
        Change(("theme",), "", '"a"'),
        Change(("plays", "noon", "stock"), "20", "25"),
        Change(("budget", "total"), "500.00", ""),
    ]
    assert changes(TEXT, TEXT.replace("# twenty", "# a score")) == []


def test_different_fields_merge_and_comments_stay() -> None:
    mine = edit(TEXT, [Edit(("plays", "noon", "give", "a"), '"9 off"'), Edit(("tasks", 2), '{ id = "mine" }')])
    theirs = edit(TEXT, [Edit(("plays", "noon", "stock"), "25"), Edit(("budget", "total"), "600.00")])
    merged = merge(TEXT, mine, theirs)
    assert merged.conflicts == ()
    assert "stock   = 25   # twenty" in merged.text
    assert 'a = "9 off"' in merged.text
    assert "total = 600.00" in merged.text
    assert 'id = "mine"' in merged.text
    assert [change.path for change in merged.theirs] == [("plays", "noon", "stock"), ("budget", "total")]


def test_the_same_field_is_a_conflict_and_mine_stands_in_the_text() -> None:
    mine, theirs = TEXT.replace("= 20", "= 21"), TEXT.replace("= 20", "= 22")
    merged = merge(TEXT, mine, theirs)
    assert merged.conflicts == (Conflict(("plays", "noon", "stock"), "20", "21", "22"),)
    assert "stock   = 21   # twenty" in merged.text
    assert merge(TEXT, mine, mine).conflicts == ()  # both the same: no conflict


def test_who_takes_a_table_out_meets_who_changes_it() -> None:
    mine, theirs = edit(TEXT, [Edit(("plays", "noon"), "")]), TEXT.replace("= 20", "= 22")
    assert [conflict.path for conflict in merge(TEXT, mine, theirs).conflicts] == [("plays", "noon", "stock")]
    assert "plays" not in merge(TEXT, mine, TEXT).text


NUMBERS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=5)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_merge_has_both_changes_or_says_so(base: dict, mine: dict, theirs: dict) -> None:  # type: ignore[type-arg]
    import tomllib

    texts = ["[t]\n" + "".join(f"{key} = {value}\n" for key, value in one.items()) for one in (base, mine, theirs)]
    merged = merge(*texts)
    conflicts = {str(conflict.path[-1]) for conflict in merged.conflicts if conflict.path != ("t",)}
    result = tomllib.loads(merged.text).get("t", {})
    for key in "abcdef":
        b, m, t = (one.get(key) for one in (base, mine, theirs))
        if m == b:
            assert result.get(key) == t
        elif t in (b, m):
            assert result.get(key) == m
        else:
            assert key in conflicts
            assert result.get(key) == m


def test_another_name_is_one_change() -> None:
    new = (
        TEXT.replace("[plays.noon]", "[plays.lunch]")
        .replace("stock   = 20", "stock   = 25")
        .replace("500.00", "600.00")
    )
    assert changes(TEXT, new) == [
        Change(("plays", "lunch"), '"noon"', '"lunch"'),
        Change(("plays", "lunch", "stock"), "20", "25"),
        Change(("budget", "total"), "500.00", "600.00"),
    ]
    other = (
        TEXT.replace("[plays.noon]", "[plays.lunch]")
        .replace("20", "25")
        .replace("5 off", "6 off")
        .replace("1 off", "2 off")
    )
    assert [(change.path[1], change.before == "", change.after == "") for change in changes(TEXT, other)] == [
        *[("lunch", True, False)] * 3,
        *[("noon", False, True)] * 3,
    ]  # nothing of it is the same: one is new, one is gone
    asleep = changes('[audiences]\nsilent = "a"\nvip = "b"\n', '[audiences]\nasleep = "a"\nvip = "b"\n')
    assert asleep == [Change(("audiences", "asleep"), '"silent"', '"asleep"')]
    swapped = changes('[audiences]\na = "1"\nb = "2"\n', '[audiences]\na = "2"\nb = "1"\n')
    assert swapped == [Change(("audiences", "a"), '"1"', '"2"'), Change(("audiences", "b"), '"2"', '"1"')]
    moved = changes("[goals.gmv]\ntarget = 1\n", "[content.gmv]\ntarget = 1\n")
    assert [change.path for change in moved] == [("content", "gmv", "target"), ("goals", "gmv", "target")]
