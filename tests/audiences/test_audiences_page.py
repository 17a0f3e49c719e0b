"""docs/reference/audiences.md says what is so: every condition in it can be read."""

import re
import tomllib
from pathlib import Path

import pytest

from miaohui.audiences import tree
from miaohui.audiences.known import SCALES, Known
from miaohui.audiences.language import read
from miaohui.audiences.mistakes import BadCondition

PAGE = (Path(__file__).parents[2] / "docs/reference/audiences.md").read_text()
KNOWN = Known("CNY", "Asia/Shanghai", {"order.paid": frozenset(), "page.viewed": frozenset({"category"})})


def quoted(pattern: str) -> list[str]:
    return re.findall(pattern, PAGE)


def test_the_example_is_read() -> None:
    [example] = quoted(r"(?s)```toml\n(.*?)```")
    texts = tomllib.loads(example)["audiences"]
    assert {name: len(list(tree.parts(read(text, KNOWN).condition))) for name, text in texts.items()} == {
        "regulars": 1,
        "silent": 4,
        "potential": 3,
        "vip": 3,
    }


def test_what_the_table_writes_is_read() -> None:
    first_cells = quoted(r"(?m)^\| (`.*?) \| .* \| [^|]*[\u4e00-\u9fff][^|]* \|$")
    written = [text for cell in first_cells for text in re.findall(r"`([^`]{4,})`", cell)]
    assert len(written) == 14
    for text in written:
        read(text.replace("(...)", "(Berlin)"), KNOWN)


def test_the_mistake_looks_like_that() -> None:
    [shown] = quoted(r"```\n(count\(order.payed(?s:.*?))\n```")
    with pytest.raises(BadCondition) as caught:
        read(shown.split("\n")[0], KNOWN)
    assert caught.value.shown("en") == shown


def test_kinds_and_scales_are_all_named() -> None:
    kinds = {name for row in quoted(r"(?m)^\| ((?:`[a-z]+`(?:, )?)+) \|") for name in re.findall(r"`([a-z]+)`", row)}
    assert kinds >= {part.__struct_config__.tag for part in tree.Leaf.__args__} | {"not", "all", "any"}
    assert all(f"`{trait}`" in PAGE for trait in SCALES)
