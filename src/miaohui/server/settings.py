"""Settings: one commented TOML file, `miaohui.toml`, and the environment, which wins.

The key `database_url` of the file is `MIAOHUI_DATABASE_URL` in the environment; an empty variable counts as none. The
file is the one `MIAOHUI_CONFIG` names, else `./miaohui.toml` if there is one. A wrong value or an unknown key stops the
start with one sentence that names key, value and remedy. The file's example and the reference page are made from
`Settings`.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints
from zoneinfo import available_timezones

import msgspec
from babel.numbers import list_currencies
from msgspec import Meta, Struct

FILE = Path("miaohui.toml")
PREFIX = "MIAOHUI_"


class SettingsWrong(ValueError):
    """The settings do not hold; the message is one sentence with key, value and remedy."""


def says(meaning: str, write: str, **bounds: Any) -> Meta:
    """What a key means, and what to write for it."""
    return Meta(description=meaning, extra={"write": write}, **bounds)


class Settings(Struct, frozen=True, kw_only=True):
    """What somebody who runs a server can set."""

    host: Annotated[
        str,
        says("Address to listen on; 0.0.0.0 for all.", "an address of this machine", min_length=1),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        says("Port to listen on; 0 takes a free one.", "a whole number from 0 to 65535", ge=0, le=65535),
    ] = 8080
    processes: Annotated[
        int,
        says(
            "How many processes of `run` answer at its port: itself, and so many web processes beside it as are left.",
            "a whole number from 1 to 32",
            ge=1,
            le=32,
        ),
    ] = 1
    shared_port: Annotated[
        bool,
        says(
            "Let several processes of one installation answer at the same port; Linux divides the connections among them.",
            "true or false",
        ),
    ] = False
    worker_port: Annotated[
        int,
        says(
            "Port on which whoever owns the event store answers the web processes; 0 takes a free one, which they find in "
            "the database.",
            "a whole number from 0 to 65535",
            ge=0,
            le=65535,
        ),
    ] = 0
    url: Annotated[
        str,
        says(
            "Address by which customers reach this server; share links carry it. Empty: made of host and port.",
            "an address such as https://fair.example.com, without a slash at the end",
            pattern=r"^$|^https?://[^/\s]+$",
        ),
    ] = ""
    data: Annotated[
        Path,
        says("Folder of all that this server keeps.", "a folder's path"),
    ] = Path("data")
    database_url: Annotated[
        str,
        says(
            "A PostgreSQL server, 15 or newer. Empty: the embedded one in the data folder.",
            "an address such as postgresql://user:password@host/database",
            pattern=r"^$|^postgres(ql)?://",
        ),
    ] = ""
    events_url: Annotated[
        str,
        says(
            "A ClickHouse server (not yet tested on a cluster). Empty: the embedded one in the data folder.",
            "an address such as http://user:password@host:8123",
            pattern=r"^$|^https?://",
        ),
    ] = ""
    workspace: Annotated[
        str,
        says(
            "Name of the brand this server serves: its PostgreSQL schema and its ClickHouse database.",
            "1 to 40 of a-z, 0-9 and _, beginning with a letter",
            pattern=r"^[a-z][a-z0-9_]{0,39}$",
        ),
    ] = "main"
    secret_file: Annotated[
        Path | None,
        says(
            "File of the workspace's secret, made at the first start; without it every log-in, key and encrypted name "
            "is lost. Empty: `secret` in the data folder.",
            "a file's path",
        ),
    ] = None
    title: Annotated[
        str,
        says("The brand's name, on every page.", "1 to 60 characters", min_length=1, max_length=60),
    ] = "Miaohui"
    zone: Annotated[
        str,
        says("Time zone of the days of campaigns that name none.", "a name such as Asia/Shanghai"),
    ] = "America/New_York"
    currency: Annotated[
        str,
        says("Currency of campaigns that name none.", "an ISO 4217 code such as CNY or USD"),
    ] = "USD"
    language: Annotated[
        Literal["zh", "en"],
        says("Language of pages for browsers that ask for neither.", "zh or en"),
    ] = "zh"
    smtp_host: Annotated[
        str,
        says("The mail server by which operators get their notices. Empty: no mail is sent.", "a host's name"),
    ] = ""
    smtp_port: Annotated[
        int,
        says("Its port: 587 with starttls, 465 with tls.", "a whole number from 1 to 65535", ge=1, le=65535),
    ] = 587
    smtp_tls: Annotated[
        Literal["none", "starttls", "tls"],
        says("How the way to it is encrypted.", "none, starttls or tls"),
    ] = "starttls"
    smtp_user: Annotated[
        str,
        says("Who logs in there. Empty: nobody does.", "a user's name"),
    ] = ""
    smtp_password: Annotated[
        str,
        says("His password; better in MIAOHUI_SMTP_PASSWORD than in the file.", "a password"),
    ] = ""
    smtp_from: Annotated[
        str,
        says(
            "Whom the mail comes from.",
            "an address such as fair@example.com",
            pattern=r"^$|^[^@\s]+@[^@\s]+$",
        ),
    ] = ""
    demo: Annotated[
        bool,
        says("Load a shop's year of real data at the first start, and a live campaign on it.", "true or false"),
    ] = True
    simulated: Annotated[
        bool,
        says("In the demo: whether simulated customers keep the campaign moving.", "true or false"),
    ] = True

    @property
    def secret(self) -> Path:
        """Where the secret lies."""
        return self.secret_file or self.data / "secret"


HINTS = get_type_hints(Settings, include_extras=True)


def meaning(key: str) -> str:
    """What a key is for."""
    return str(_meta(key).description)


def write(key: str) -> str:
    """What to write for a key."""
    return str((_meta(key).extra or {})["write"])


def _meta(key: str) -> Meta:
    found = get_args(HINTS[key])[-1]
    assert isinstance(found, Meta), key
    return found


def variable(key: str) -> str:
    """The environment's name of a key."""
    return PREFIX + key.upper()


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables by which another process has the same settings."""
    values = {variable(key): getattr(settings, key) for key in HINTS}
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}
    return {name: "" if values[name] is None else text for name, text in texts.items()}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings of the file and the environment. SettingsWrong."""
    file = Path(environment.get(f"{PREFIX}CONFIG") or FILE)
    values: dict[str, Any] = {"data": Settings().data.absolute()}
    if file.exists():
        for key, value in read_file(file).items():
            if key not in HINTS:
                raise SettingsWrong(f"{file}: {key} = {value!r} is not a setting: {suggestion(key, list(HINTS))}")
            values[key] = checked(key, value, f"{file}: {key}")
    elif environment.get(f"{PREFIX}CONFIG"):
        raise SettingsWrong(f"{PREFIX}CONFIG = {str(file)!r}: there is no such file, name one or leave it empty")
    names = {variable(key): key for key in HINTS}
    for name, value in environment.items():
        if name in names and value:
            values[names[name]] = checked(names[name], value, name)
        elif name.startswith(PREFIX) and difflib.get_close_matches(name, names, 1, 0.9) and name not in names:
            raise SettingsWrong(f"{name} = {value!r} is not a setting: {suggestion(name, list(names))}")
    return Settings(**values)


def read_file(file: Path) -> dict[str, Any]:
    """What a TOML file holds. SettingsWrong."""
    try:
        return tomllib.loads(file.read_text())
    except (OSError, ValueError) as e:
        raise SettingsWrong(f"{file} cannot be read: {e}") from e


def checked(key: str, value: Any, place: str) -> Any:
    """`value` as the type of `key`; text counts as what it says. SettingsWrong."""
    readable = without_password(value) if isinstance(value, str) else value
    wrong = SettingsWrong(f"{place} = {readable!r} does not hold: write {write(key)}")
    if key in ("data", "secret_file"):
        if not isinstance(value, str):
            raise wrong
        return Path(value).expanduser().absolute() if value else None
    try:
        found = msgspec.convert(value, HINTS[key], strict=not isinstance(value, str))
    except msgspec.ValidationError:
        raise wrong from None
    if key == "zone" and found not in available_timezones():
        raise wrong
    if key == "currency" and found not in list_currencies():
        raise wrong
    return found


def without_password(url: str) -> str:
    """An address as messages may show it."""
    return re.sub(r"(//[^:/@]*):[^@/]*@", r"\1:***@", url)


def suggestion(name: str, known: list[str]) -> str:
    """What somebody who wrote `name` may have meant."""
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"use one of {', '.join(known)}"


def example() -> str:
    """The example file `miaohui.toml`: every key with its meaning, at its default, switched off."""
    lines = ["# Settings of this server. Take the # off a line to change it; the environment (MIAOHUI_PORT=9000) wins."]
    for key in HINTS:
        lines += ["", f"# {meaning(key)}", f"# Write {write(key)}.", f"# {key} = {shown(key)}"]
    return "\n".join(lines) + "\n"


def reference() -> str:
    """The page docs/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        "Made from `miaohui.server.settings`; do not edit. One TOML file, `miaohui.toml` in the folder where the server",
        "is started or the one that `MIAOHUI_CONFIG` names, and the environment, which wins. A wrong value or an unknown",
        "key stops the start with a sentence that says what to write.",
        "",
        "| key | variable | default | meaning | write |",
        "|---|---|---|---|---|",
    ]
    for key in HINTS:
        cells = [f"`{key}`", f"`{variable(key)}`", f"`{shown(key)}`", meaning(key), write(key)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def shown(key: str) -> str:
    """The default of a key as TOML writes it."""
    default = getattr(Settings(), key)
    text = "" if default is None else default
    return str(text).lower() if isinstance(text, bool | int) else f'"{text}"'
