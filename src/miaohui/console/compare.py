"""Two versions of a document side by side, line by line; what is the same is folded, but for a few lines around a change."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

from msgspec import Struct

AROUND = 3


class Side(Struct, frozen=True):
    """A line of one version; `number` 0: there is none on this side."""

    number: int
    text: str


class Row(Struct, frozen=True):
    """A line of the comparison; `kind` fold stands for lines left out."""

    kind: Literal["same", "changed", "gone", "new", "fold"]
    left: Side
    right: Side


NOTHING = Side(0, "")


def compare(old: str, new: str) -> list[Row]:
    """The rows of the comparison; none if the texts are the same."""
    a, b = old.splitlines(), new.splitlines()
    if a == b:
        return []
    return list(_rows(a, b))


def _rows(a: list[str], b: list[str]) -> Iterator[Row]:
    groups = list(SequenceMatcher(None, a, b, autojunk=False).get_grouped_opcodes(AROUND))
    at = 0
    for group in groups:
        if group[0][1] > at:
            yield Row("fold", Side(group[0][1] - at, ""), NOTHING)
        for tag, i, i_end, j, j_end in group:
            for n in range(max(i_end - i, j_end - j)):
                left = Side(i + n + 1, a[i + n]) if i + n < i_end else NOTHING
                right = Side(j + n + 1, b[j + n]) if j + n < j_end else NOTHING
                same = tag == "equal"
                yield Row("same" if same else _kind(left, right), left, right)
        at = group[-1][2]
    if at < len(a):
        yield Row("fold", Side(len(a) - at, ""), NOTHING)


def _kind(left: Side, right: Side) -> Literal["changed", "gone", "new"]:
    if left.number and right.number:
        return "changed"
    return "gone" if left.number else "new"
