"""What is made from the code says what the code says."""

from pathlib import Path

import pytest

from miaohui.server.reference import FILES, write_all

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_up_to_date(name: str) -> None:
    assert (CHECKOUT / name).read_text() == FILES[name](), f"{name} is old: make reference"


def test_all_files_are_written(tmp_path: Path) -> None:
    assert [str(path.relative_to(tmp_path)) for path in write_all(tmp_path)] == list(FILES)
    assert (tmp_path / "miaohui.toml").read_text() == (CHECKOUT / "miaohui.toml").read_text()
