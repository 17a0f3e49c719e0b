"""Every table, key and element of a document is found at its line and column."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from miaohui.campaign.places import Path, Place, places

TEXT = '''\
# a campaign
a = 1
"b c" . d = { e = "x # no comment", f = [ 1, [2] ] }

[g]  # a table
h = """
a "quoted" ] text = ""\\"""" # after
i = [
  "one", # first
  { j = 2026-01-01 10:00:00 },
]
[[g.k]]
l = 'it is ]'
[[g.k]]
[g.k.m]
n = 1_000.5
'''


def test_places_of_every_kind_of_key() -> None:
    found = places(TEXT)
    assert found[("a",)] == Place(2, 1)
    assert found[("b c", "d")] == Place(3, 1)
    assert found[("b c", "d", "e")] == Place(3, 15)
    assert found[("b c", "d", "f")] == Place(3, 37)
    assert found[("b c", "d", "f", 1, 0)] == Place(3, 47)
    assert found[("g",)] == Place(5, 1)
    assert found[("g", "h")] == Place(6, 1)
    assert found[("g", "i")] == Place(8, 1)
    assert found[("g", "i", 0)] == Place(9, 3)
    assert found[("g", "i", 1)] == Place(10, 3)
    assert found[("g", "i", 1, "j")] == Place(10, 5)
    assert found[("g", "k", 0)] == Place(12, 1)
    assert found[("g", "k", 0, "l")] == Place(13, 1)
    assert found[("g", "k", 1)] == Place(14, 1)
    assert found[("g", "k", 1, "m")] == Place(15, 1)
    assert found[("g", "k", 1, "m", "n")] == Place(16, 1)


def test_line_ends_of_windows_are_one_line_each() -> None:
    assert places("a = 1\r\nb = '''\r\nx'''\r\nc = 2\r\n")[("c",)] == Place(4, 1)


KEYS = st.text("ab-", min_size=1, max_size=3)
QUOTED = st.text("ab\"\\'#=[]{},.\n\u4e2d ", max_size=8)


@st.composite
def written(draw: st.DrawFn, depth: int = 0) -> str:
    """A TOML value, oddly laid out."""
    kind = draw(st.sampled_from(["scalar", "basic", "long", "literal", "array", "table"][: 6 if depth < 3 else 4]))
    gap = draw(st.sampled_from(["", " ", "  "]))
    if kind == "scalar":
        return draw(st.sampled_from(["1", "-0.5e3", "true", "2026-01-01", "2026-01-01 10:00:00", "10:00:00", "inf"]))
    if kind == "basic":
        return '"' + draw(QUOTED).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if kind == "long":
        return (
            '"""'
            + draw(QUOTED).replace("\\", "\\\\").replace('"', '\\"')
            + draw(st.sampled_from(["", '"', '""']))
            + '"""'
        )
    if kind == "literal":
        return "'''" + draw(QUOTED).replace("'", "") + draw(st.sampled_from(["", "'", "''"])) + "'''"
    if kind == "array":
        items = draw(st.lists(written(depth + 1), max_size=3))
        comma = draw(st.sampled_from([",", ",\n", " , # ]\n"]))
        return f"[{gap}\n" + comma.join(items) + (draw(st.sampled_from(["", ","])) if items else "") + f"{gap}]"
    keys = draw(st.lists(KEYS, max_size=3, unique=True))
    return "{" + gap + ", ".join(f"{key}{gap}={gap}{draw(written(depth + 1))}" for key in keys) + gap + "}"


def paths(value: Any, path: Path = ()) -> set[Path]:
    """Every path of a value, as `tomllib` sees it."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path}.union(*(paths(inner, (*path, key)) for key, inner in below))


@given(st.lists(st.tuples(KEYS, st.dictionaries(KEYS, written(), max_size=3), st.booleans()), max_size=4))
def test_the_walk_finds_exactly_the_paths_that_the_text_means(tables: list[tuple[str, dict[str, str], bool]]) -> None:
    text = ""
    for n, (name, pairs, many) in enumerate(tables):
        header = f"[[many.{name}]]" if many else f"[ table{n}.'{name}' ]"
        text += f"{header} # x\n" + "".join(f"{key} = {value}\n" for key, value in pairs.items())
    assert set(places(text)) == paths(tomllib.loads(text))
