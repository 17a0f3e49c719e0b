"""A promotion's table of the document as a form, and the form as edits of the document, key by key; all the rest of the operator's
text stays as it is. What the sentences mean, the check says."""

import json
import re
import tomllib

from miaohui.campaign.edits import CannotEdit, Edit, edit
from miaohui.campaign.terms import NAME
from miaohui.pages.language import AnyRequest

NEW = "new"
"""What a promotion is called that has no name yet."""
LISTS = ("gives", "when")
"""Keys of which every line is a sentence."""
ALONE = ("gives", "when", "on")
"""Keys whose one sentence needs no brackets."""
COMMAS = ("on", "codes", "groups", "exclusive_with")
NUMBERS = (
    "from",
    "pieces",
    "priority",
    "uses",
    "per_customer",
    "uses_per_day",
    "per_customer_per_day",
    "budget",
    "gift_stock",
)
WORDS = ("for", "exclusive", "on_budget_end")
YES = ("single_use",)
"""Keys that are true or not there."""


async def sent(request: AnyRequest) -> dict[str, str]:
    """The form as it was sent; browsers end lines with CR LF."""
    form = await request.form()
    return {name: str(value).replace("\r\n", "\n") for name, value in form.items()}


def form_of(text: str, name: str) -> dict[str, str]:
    """The form of a promotion as the document has it; a new one is empty."""
    if not name:
        return {}
    if name == NEW:
        return {"was": "", "name": "", "gives": "20.00 off 100.00"}
    try:
        table = tomllib.loads(text, parse_float=str).get("plays", {}).get(name, {})
    except tomllib.TOMLDecodeError:
        return {}
    if not isinstance(table, dict) or table.get("play") != "promotion":
        return {}
    form = {"was": name, "name": name}
    title = table.get("title", {})
    form |= {f"title_{language}": str(title.get(language, "")) for language in ("zh", "en") if isinstance(title, dict)}
    for key in (*LISTS, *COMMAS):
        value = table.get(key, [])
        parts = [str(part) for part in value] if isinstance(value, list) else [str(value)]
        form[key] = ("\n" if key in LISTS else ", ").join(parts)
    form |= {key: str(table[key]) for key in (*NUMBERS, *WORDS) if key in table}
    form |= {key: "true" for key in YES if table.get(key)}
    return form


def edited(text: str, form: dict[str, str]) -> tuple[str, str]:
    """The document with the promotion of the form, and the promotion's name. CannotEdit."""
    name = form.get("was", "") or form.get("name", "").strip()
    if not re.fullmatch(NAME, name):
        raise CannotEdit(f"{name!r}: a name has small letters, digits and hyphens, and begins with a letter")
    path = ("plays", name)
    edits = [Edit((*path, "play"), '"promotion"')]
    zh, en = (form.get(f"title_{language}", "").strip() for language in ("zh", "en"))
    if zh or en:
        edits.append(Edit((*path, "title"), f"{{ zh = {_quoted(zh or en)}, en = {_quoted(en or zh)} }}"))
    for key in (*LISTS, *COMMAS):
        parts = re.split(r"\n" if key in LISTS else r",\s*", form.get(key, ""))
        said = [part.strip() for part in parts if part.strip()]
        edits.append(Edit((*path, key), _listed(said, alone=key in ALONE)))
    for key in (*NUMBERS, *WORDS):
        written = form.get(key, "").strip()
        number = key in NUMBERS and re.fullmatch(r"-?[\d_]+(\.\d+)?", written)
        edits.append(Edit((*path, key), written if number else _quoted(written) if written else ""))
    edits += [Edit((*path, key), "true" if form.get(key) else "") for key in YES]
    return edit(text, edits), name


def _listed(parts: list[str], *, alone: bool) -> str:
    if not parts:
        return ""
    if len(parts) == 1 and alone:
        return _quoted(parts[0])
    return "[" + ", ".join(map(_quoted, parts)) + "]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def as_written(text: str, form: dict[str, str]) -> str:
    """The document with the form's promotion, or as it is if the form has none that can be written."""
    try:
        return edited(text, form)[0] if form.get("gives") else text
    except CannotEdit:
        return text
