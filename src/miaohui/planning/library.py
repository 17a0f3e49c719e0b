"""The templates there are: those that came with this copy, and those that operators made of finished campaigns, which are kept in
the database, archived when they are not wanted any more, each with its line in the audit log."""

from functools import cache
from pathlib import Path

from uuid_utils import uuid7

from miaohui.campaign.store import Connection
from miaohui.planning.template import Template, read
from miaohui.team import audit
from miaohui.text import Text

_FOLDER = Path(__file__).parent / "templates"
MOST = 200


@cache
def shipped() -> tuple[Template, ...]:
    """The templates of `templates/`, in their order."""
    found = [read(file.stem, file.read_text()) for file in sorted(_FOLDER.glob("*.toml"))]
    return tuple(sorted(found, key=lambda template: template.head.order))


async def made(c: Connection) -> list[Template]:
    """The operators' templates, newest first."""
    rows = await c.fetch(
        f"select id, text, source from campaign_template where archived_at is null order by id desc limit {MOST}"
    )
    return [read(row["id"], row["text"], row["source"]) for row in rows]


async def find(c: Connection, id: str) -> Template | None:
    """One template, shipped or made."""
    mine = next((template for template in shipped() if template.id == id), None)
    if mine is not None:
        return mine
    row = await c.fetchrow("select id, text, source from campaign_template where id = $1 and archived_at is null", id)
    return read(row["id"], row["text"], row["source"]) if row else None


async def keep(c: Connection, by: str, written: str, source: str) -> Template:
    """A new template, made from campaign `source`; call it in a transaction."""
    id = str(uuid7())
    template = read(id, written, source)
    title = template.head.title
    await c.execute(
        "insert into campaign_template (id, title_zh, title_en, text, source, by) values ($1, $2, $3, $4, $5, $6)",
        id, title.zh, title.en, written, source, by,
    )  # fmt: skip
    await audit.record(c, by, "template.made", id, {"from": source, "title": title.en})
    return template


async def archive(c: Connection, by: str, id: str) -> Text | None:
    """Take a made template off the list; its title, or None if there is none. Call it in a transaction."""
    row = await c.fetchrow(
        "update campaign_template set archived_at = now() where id = $1 and archived_at is null returning title_zh, title_en",
        id,
    )
    if row is None:
        return None
    await audit.record(c, by, "template.archived", id, {"title": row["title_en"]})
    return Text(row["title_zh"], row["title_en"])
