"""What operators keep of the calendar, in PostgreSQL. Each change writes its line of the audit log in the same transaction; days
that are taken away are archived, and come back when they are written again."""

import hashlib
import re
import secrets
from collections.abc import Container, Iterable
from datetime import date
from itertools import count
from typing import Any, TypeAlias

import asyncpg
from msgspec import Struct
from msgspec.structs import replace
from uuid_utils import uuid7

from miaohui.calendar import lead, rule
from miaohui.calendar.almanac import CLASSES, KEPT, KINDS, Almanac, Class, Day, known, together
from miaohui.calendar.lead import Lead
from miaohui.calendar.workdays import Stated, Workdays, countries, country_of
from miaohui.team import audit
from miaohui.text import Text

Connection: TypeAlias = "asyncpg.Connection[Any]"
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
DAYS_MOST = 400


class CalendarRefusal(Exception):
    """What was written cannot be kept; nothing was changed."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


class Calendar(Struct, frozen=True, kw_only=True):
    """The calendar of a workspace as it stands: the almanac, lead times by class, which known days are hidden."""

    almanac: Almanac
    leads: dict[Class, Lead]
    hidden: tuple[Day, ...] = ()

    def lead(self, class_: str) -> Lead:
        """The lead times of a class."""
        return lead.of(class_, self.leads)


async def calendar_of(c: Connection, zone: str) -> Calendar:
    """All of it; `zone` says in which country people work."""
    rows = await c.fetch("select * from calendar_day order by id")
    kept = [_day(row) for row in rows if row["archived_at"] is None]
    gone = {row["id"] for row in rows if row["archived_at"] is not None}
    country = country_of(zone)
    entered = {
        row["on_date"]: Stated(row["works"], Text(row["title_zh"], row["title_en"]))
        for row in await c.fetch("select * from statutory_day where country = $1", country)
    }
    abroad = await c.fetch("select country from calendar_country where archived_at is null order by country")
    leads: dict[Class, Lead] = {}
    for row in await c.fetch("select class, prepare_workdays, warm_up_days, live_days from lead_time"):
        days = {name: row[name] for name in ("prepare_workdays", "warm_up_days", "live_days")}
        leads[row["class"]] = replace(lead.DEFAULTS[row["class"]], **days)
    almanac = Almanac(
        days=together(kept, gone), workdays=Workdays(country, entered), abroad=tuple(row["country"] for row in abroad)
    )
    return Calendar(almanac=almanac, leads=leads, hidden=tuple(day for day in known() if day.id in gone))


def _day(row: "asyncpg.Record") -> Day:
    return Day(
        id=row["id"], title=Text(row["title_zh"], row["title_en"]), kind=row["kind"], rule=row["rule"],
        class_=row["class"], source=row["source"], note=row["note"], kept=True,
    )  # fmt: skip


def checked(day: Day) -> Day:
    """`day`, if it can be kept; its rule as it will be written. CalendarRefusal."""
    if day.id and not ID.fullmatch(day.id):
        raise CalendarRefusal(
            Text(f"编号 {day.id} 只能有小写字母、数字和连字符", f"The id {day.id} may hold a-z, 0-9 and -")
        )
    for words in (day.title.zh, day.title.en):
        if not words.strip() or len(words) > 60:
            raise CalendarRefusal(Text("中英文名称各写 1 到 60 个字", "Both names need 1 to 60 characters"))
    if day.kind not in KEPT and day.id not in {one.id for one in known()}:
        named = ", ".join(KEPT)
        raise CalendarRefusal(Text(f"种类 {day.kind} 不可用：{named}", f"The kind {day.kind} is none of {named}"))
    if day.kind not in KINDS or day.class_ not in CLASSES:
        named = ", ".join(one for one in CLASSES if one)
        raise CalendarRefusal(Text(f"类别 {day.class_} 不可用：{named}", f"The class {day.class_} is none of {named}"))
    if len(day.source) > 200 or len(day.note) > 500:
        raise CalendarRefusal(
            Text("来源至多 200 字，备注至多 500 字", "The source has 200 characters at most, the note 500")
        )
    try:
        rule.read(day.rule)
    except rule.BadRule as refused:
        raise CalendarRefusal(refused.sentence) from refused
    return replace(day, rule=" ".join(day.rule.lower().split()), kept=True)


def named(title: str, taken: Container[str]) -> str:
    """An id for a day called `title`, as documents will write it: "members-day", the next free one."""
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower().replace("'", "")).strip("-")[:48].rstrip("-") or "day"
    return next(id for n in count(1) if (id := stem if n == 1 else f"{stem}-{n}") not in taken)


async def keep(c: Connection, by: str, days: Iterable[Day]) -> list[Day]:
    """Write days, new (without an id) or changed, all or none. CalendarRefusal."""
    done: list[Day] = []
    async with c.transaction():
        taken = {row["id"] for row in await c.fetch("select id from calendar_day")} | {day.id for day in known()}
        for day in days:
            done.append(checked(replace(day, id=day.id or named(day.title.en, taken))))
            taken.add(done[-1].id)
        for day in done:
            before = await c.fetchrow("select * from calendar_day where id = $1 for update", day.id)
            await c.execute(
                """insert into calendar_day (id, kind, title_zh, title_en, class, rule, source, note, by)
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                   on conflict (id) do update set kind = $2, title_zh = $3, title_en = $4, class = $5, rule = $6, source = $7,
                     note = $8, by = $9, changed_at = now(), archived_at = null""",
                day.id, day.kind, day.title.zh, day.title.en, day.class_, day.rule, day.source, day.note, by,
            )  # fmt: skip
            detail = {"title": day.title.en, "kind": day.kind, "rule": day.rule}
            was = {"was": {"title": before["title_en"], "rule": before["rule"]}} if before else {}
            await audit.record(c, by, "calendar.changed" if before else "calendar.added", day.id, detail | was)
    return done


async def archive(c: Connection, by: str, id: str) -> Text:
    """Take a day off the calendar: an own one, or one of the known days. CalendarRefusal."""
    async with c.transaction():
        day = next((one for one in known() if one.id == id), None)
        if day is not None:
            await c.execute(
                """insert into calendar_day (id, kind, title_zh, title_en, class, rule, source, by, archived_at)
                   values ($1, $2, $3, $4, $5, $6, $7, $8, now()) on conflict (id) do update set archived_at = now(), by = $8""",
                id, day.kind, day.title.zh, day.title.en, day.class_, day.rule, day.source, by,
            )  # fmt: skip
            title = day.title
        else:
            row = await c.fetchrow(
                """update calendar_day set archived_at = now(), by = $2 where id = $1 and archived_at is null
                   returning title_zh, title_en""",
                id, by,
            )  # fmt: skip
            if row is None:
                raise CalendarRefusal(Text("没有这一天，或已归档", "There is no such day, or it is archived already"))
            title = Text(row["title_zh"], row["title_en"])
        await audit.record(c, by, "calendar.archived", id, {"title": title.en})
    return title


async def restore(c: Connection, by: str, id: str) -> Text:
    """Show a known day again, as everybody knows it. CalendarRefusal."""
    day = next((one for one in known() if one.id == id), None)
    if day is None or not await c.fetchval("select archived_at is not null from calendar_day where id = $1", id):
        raise CalendarRefusal(Text("没有隐藏这一天", "That day is not hidden"))
    await keep(c, by, [day])
    return day.title


async def announce(c: Connection, by: str, days: dict[date, Stated], source: str, country: str) -> None:
    """Enter days off and make-up workdays of a country as they were announced, all or none. CalendarRefusal."""
    if not days or len(days) > DAYS_MOST:
        raise CalendarRefusal(Text(f"写 1 到 {DAYS_MOST} 天", f"Enter 1 to {DAYS_MOST} days"))
    async with c.transaction():
        for on, stated in sorted(days.items()):
            await c.execute(
                """insert into statutory_day (country, on_date, works, title_zh, title_en, source, by)
                   values ($1, $2, $3, $4, $5, $6, $7)
                   on conflict (country, on_date) do update set works = $3, title_zh = $4, title_en = $5, source = $6, by = $7,
                     at = now()""",
                country, on, stated.works, stated.title.zh, stated.title.en, source, by,
            )  # fmt: skip
        years = sorted({on.year for on in days})
        detail = {
            "years": years,
            "off": sum(not s.works for s in days.values()),
            "at_work": sum(s.works for s in days.values()),
        }
        await audit.record(c, by, "calendar.announced", country, detail | {"source": source})


async def set_lead(c: Connection, by: str, class_: str, prepare: int, warm_up: int, live: int) -> None:
    """Other lead times for a class. CalendarRefusal."""
    if class_ not in lead.DEFAULTS:
        raise CalendarRefusal(Text(f"没有类别 {class_}", f"There is no class {class_}"))
    if not (0 <= prepare <= 250 and 0 <= warm_up <= 60 and 1 <= live <= 60):
        raise CalendarRefusal(
            Text(
                "筹备 0–250 个工作日，预热 0–60 天，正式 1–60 天",
                "0-250 workdays, 0-60 days of warm-up, 1-60 days live",
            )
        )
    async with c.transaction():
        await c.execute(
            """insert into lead_time (class, prepare_workdays, warm_up_days, live_days, by) values ($1, $2, $3, $4, $5)
               on conflict (class) do update set prepare_workdays = $2, warm_up_days = $3, live_days = $4, by = $5, at = now()""",
            class_, prepare, warm_up, live, by,
        )  # fmt: skip
        detail = {"prepare_workdays": prepare, "warm_up_days": warm_up, "live_days": live}
        await audit.record(c, by, "calendar.lead_changed", class_, detail)


async def set_abroad(c: Connection, by: str, wanted: list[str]) -> None:
    """Whose holidays are shown besides one's own. CalendarRefusal."""
    for country in wanted:
        if country not in countries():
            raise CalendarRefusal(Text(f"没有国家 {country}", f"There is no country {country}"))
    async with c.transaction():
        await c.execute(
            "update calendar_country set archived_at = now() where archived_at is null and country <> all($1)", wanted
        )
        for country in wanted:
            await c.execute(
                """insert into calendar_country (country, by) values ($1, $2)
                   on conflict (country) do update set archived_at = null, by = $2""",
                country, by,
            )  # fmt: skip
        await audit.record(c, by, "calendar.countries_changed", "", {"countries": wanted})


# -- secret links -------------------------------------------------------------------------------------------------------------


async def open_feed(c: Connection, by: str) -> str:
    """The secret of a new link for calendar programs, which nobody can show again."""
    id, token = str(uuid7()), secrets.token_urlsafe(24)
    async with c.transaction():
        await c.execute("insert into calendar_feed (id, token_hash, by) values ($1, $2, $3)", id, _hash(token), by)
        await audit.record(c, by, "calendar.feed_opened", id)
    return token


async def feeds(c: Connection) -> list["asyncpg.Record"]:
    """The links in use, newest first."""
    return list(
        await c.fetch("select id, by, created_at from calendar_feed where revoked_at is null order by id desc limit 50")
    )


async def revoke_feed(c: Connection, by: str, id: str) -> None:
    """The link shows nothing any more. CalendarRefusal."""
    async with c.transaction():
        done = await c.execute("update calendar_feed set revoked_at = now() where id = $1 and revoked_at is null", id)
        if done.endswith(" 0"):
            raise CalendarRefusal(Text("没有这个链接，或已停用", "There is no such link, or it is revoked already"))
        await audit.record(c, by, "calendar.feed_revoked", id)


async def opens(c: Connection, token: str) -> bool:
    """Whether `token` is the secret of a link in use."""
    sql = "select exists (select from calendar_feed where token_hash = $1 and revoked_at is null)"
    return bool(await c.fetchval(sql, _hash(token)))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
