"""Settings: the file, the environment above it, and one sentence for whatever is wrong."""

from pathlib import Path

import pytest

from miaohui.server.settings import HINTS, Settings, SettingsWrong, as_environment, example, read_settings


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without a miaohui.toml."""
    monkeypatch.chdir(tmp_path)


def test_without_a_word_the_defaults_hold(tmp_path: Path) -> None:
    assert read_settings({}) == Settings(data=tmp_path / "data")
    assert read_settings({}).secret == tmp_path / "data" / "secret"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    Path("miaohui.toml").write_text('port = 9000\ntitle = "妙会"\ndemo = false\n')
    settings = read_settings(
        {"MIAOHUI_PORT": "9100", "MIAOHUI_TITLE": "", "MIAOHUI_SECRET_FILE": "/etc/key", "HOME": "/x"}
    )
    assert (settings.port, settings.title, settings.demo) == (9100, "妙会", False)
    assert settings.secret == Path("/etc/key")


def test_another_process_gets_the_same(tmp_path: Path) -> None:
    settings = Settings(
        port=0, shared_port=True, processes=3, data=tmp_path / "the data", secret_file=None, title="庙会 & Co", demo=False,
        smtp_password="a=b c", zone="Asia/Shanghai",
    )  # fmt: skip
    environment = as_environment(settings)
    assert environment["MIAOHUI_SECRET_FILE"] == ""
    assert environment["MIAOHUI_DEMO"] == "false"
    assert read_settings(environment) == settings


def test_another_file_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('workspace = "tea"\n')
    assert read_settings({"MIAOHUI_CONFIG": "other.toml"}).workspace == "tea"
    with pytest.raises(SettingsWrong, match=r"^MIAOHUI_CONFIG = 'no\.toml': there is no such file, name one"):
        read_settings({"MIAOHUI_CONFIG": "no.toml"})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("MIAOHUI_PORT", "abc", "MIAOHUI_PORT = 'abc' does not hold: write a whole number from 0 to 65535"),
        ("MIAOHUI_PORT", "65536", "MIAOHUI_PORT = '65536' does not hold: write a whole number from 0 to 65535"),
        ("MIAOHUI_DEMO", "maybe", "MIAOHUI_DEMO = 'maybe' does not hold: write true or false"),
        ("MIAOHUI_ZONE", "Mars", "MIAOHUI_ZONE = 'Mars' does not hold: write a name such as Asia/Shanghai"),
        ("MIAOHUI_CURRENCY", "RMB", "MIAOHUI_CURRENCY = 'RMB' does not hold: write an ISO 4217 code such as CNY or USD"),
        ("MIAOHUI_LANGUAGE", "de", "MIAOHUI_LANGUAGE = 'de' does not hold: write zh or en"),
        ("MIAOHUI_WORKSPACE", "Tea!", "MIAOHUI_WORKSPACE = 'Tea!' does not hold: write 1 to 40 of a-z, 0-9 and _, "
                                      "beginning with a letter"),
        ("MIAOHUI_DATABASE_URL", "mysql://u:geheim@h/d", "MIAOHUI_DATABASE_URL = 'mysql://u:***@h/d' does not hold: write "
                                                         "an address such as postgresql://user:password@host/database"),
        ("MIAOHUI_PROT", "1", "MIAOHUI_PROT = '1' is not a setting: did you mean MIAOHUI_PORT?"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_one_sentence(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        read_settings({name: value})
    assert str(wrong.value) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "miaohui.toml: prot = 1 is not a setting: did you mean port?"),
        ('port = "x"', "miaohui.toml: port = 'x' does not hold: write a whole number from 0 to 65535"),
        ("demo = 3", "miaohui.toml: demo = 3 does not hold: write true or false"),
        ("data = 3", "miaohui.toml: data = 3 does not hold: write a folder's path"),
        ("port = ", "miaohui.toml cannot be read: Invalid value (at end of document)"),
    ],
)
def test_a_wrong_line_of_the_file_is_one_sentence(text: str, sentence: str) -> None:
    Path("miaohui.toml").write_text(text)
    with pytest.raises(SettingsWrong) as wrong:
        read_settings({})
    assert str(wrong.value) == sentence


def test_a_variable_of_somebody_else_is_let_be() -> None:
    assert read_settings({"MIAOHUI_BENCH_SECONDS": "5"}).port == 8080


def test_the_example_switched_on_says_the_defaults(tmp_path: Path) -> None:
    lines = example().splitlines()
    Path("miaohui.toml").write_text("\n".join(line[2:] for line in lines if line[2:].split(" = ")[0] in HINTS))
    assert read_settings({}) == Settings(data=tmp_path / "data")
