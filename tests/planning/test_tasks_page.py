"""Tasks: on the calendar, moved in the document, how far they are, their files, and who is reminded."""

from datetime import date
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from miaohui.calendar.schedule import Circle
from miaohui.calendar.workdays import Workdays
from miaohui.campaign.reader import read
from miaohui.planning import work
from miaohui.planning.work import Reminder, reminders
from miaohui.planning.workplan import plan
from miaohui.server import reminding
from tests.browser import NARROW, WIDE, Visitor, sound
from tests.console.conftest import Console, chromium, console_app, sign_in, token_of, workspace
from tests.console.fair import Fair, document, fair
from tests.planning.test_schedule import TASKS

__all__ = ["chromium", "console_app", "fair", "workspace"]

TWO = """
[[tasks]]
id = "copy"                    # the first words
title = { zh = "文案", en = "Copy" }
owner = "viewer"
workdays = 3
material = ["poster 1080x1920"]
[[tasks]]
id = "print"
title = { zh = "印刷", en = "Printing" }
workdays = 2
after = ["copy"]
"""


def twelve(opens: str, prepare: str = "", zone: str = "Asia/Shanghai") -> str:
    """A campaign with the twelve tasks that opens on a day; the warm-up is one of them, so that it opens when that is over."""
    head = f"""campaign = "a"
name = {{ zh = "甲", en = "A" }}
kind = "promotional"
zone = "{zone}"
currency = "CNY"
[phases]
{prepare}
warm_up = {opens}
live = 2027-01-10
wrap_up = 2027-01-20
"""
    for id, (days, after) in TASKS.items():
        phase = "warm_up" if id == "warm-up" else "live" if id == "customer-service" else "prepare"
        head += f'[[tasks]]\nid = "{id}"\ntitle = {{ zh = "字", en = "{id}" }}\nworkdays = {days}\nphase = "{phase}"\n'
        head += f"after = {list(after)}\n".replace("'", '"')
    return head


@pytest.mark.parametrize(
    ("opens", "first"),
    [("2026-09-20", "2026-08-27"), ("2026-02-12", "2026-01-20"), ("2026-11-06", "2026-10-14")],
    ids=["mid-autumn, the warm-up on a make-up Sunday", "spring festival", "11.11, National Day week skipped"],
)
def test_seventeen_workdays_before_the_warm_up(opens: str, first: str) -> None:
    made = read(twelve(opens)).document
    assert made is not None
    found = plan(made, Workdays("CN"))
    assert found is not None
    assert found.first == date.fromisoformat(first)
    job = found.job("approval")
    assert job is not None
    assert (job.slack, job.last < date.fromisoformat(opens)) == (0, True)


def test_a_year_that_is_not_announced_says_so() -> None:
    made = read(twelve("2026-12-20")).document
    assert made is not None
    found = plan(made, Workdays("CN"))
    assert found is not None
    assert found.unannounced == (2027,)


def test_days_deadlines_and_states() -> None:
    text = twelve("2026-09-20", "prepare = 2026-08-31").replace('id = "copy"', 'id = "copy"\nbegins = 2026-09-10')
    made = read(text).document
    assert made is not None
    found = plan(made, Workdays("CN"), {"goal": 100, "play-rules": 50})
    assert found is not None
    copy, goal = found.job("copy"), found.job("goal")
    assert copy is not None
    assert goal is not None
    assert (goal.begins, goal.last) == (date(2026, 8, 31), date(2026, 9, 1))
    assert copy.begins == date(2026, 9, 10)
    assert copy.slack == -6  # 3 + 4 + 3 + 2 + 1 workdays from the tenth on end six workdays after the opening
    assert copy.state(date(2026, 9, 9)) == "late"
    assert goal.state(date(2026, 9, 9)) == "done"
    assert reminders(found.jobs, date(2026, 9, 9)) == []  # nobody owns them


def test_reminders_come_a_day_before_and_once_it_is_late() -> None:
    made = read(document(1_790_000_000_000).replace("[audiences]", TWO + "[audiences]")).document
    assert made is not None
    found = plan(made, Workdays("US"))
    assert found is not None
    copy = found.job("copy")
    assert copy is not None
    day_before = date.fromordinal(copy.last.toordinal() - 1)
    assert reminders(found.jobs, date.fromordinal(day_before.toordinal() - 1)) == []
    assert reminders(found.jobs, day_before) == [Reminder(task="copy", kind="due", due_on=copy.last, person="viewer")]
    after = date.fromordinal(copy.last.toordinal() + 1)
    assert [one.kind for one in reminders(found.jobs, after)] == ["late"]


def test_a_circle_has_names() -> None:
    made = read(document(1_790_000_000_000) + TWO.replace("workdays = 3", 'workdays = 3\nafter = ["print"]')).document
    assert made is not None
    with pytest.raises(Circle, match=r"copy > print|print > copy"):
        plan(made, Workdays("US"))


# -- the page --------------------------------------------------------------------------------------------------------------------


async def test_a_change_is_a_version_and_keeps_the_comments(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + TWO)
    db = fair.workspace.db
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        path = "/campaigns/autumn/tasks/copy/plan"
        changed = {"base": "1", "workdays": "5", "begins": "2026-11-02", "owner": "operator"}
        assert (await console_app.send(client, path, changed)).status_code == 303
        text = await db.fetchval("select text from campaign_version where version = 2")
        assert 'id = "copy"                    # the first words' in text
        assert "workdays = 5" in text
        assert "begins = 2026-11-02" in text
        assert 'owner = "operator"' in text
        stale = await console_app.send(client, path, changed | {"workdays": "6"})
        assert stale.status_code == 303
        assert "version 2" in (await client.get("/campaigns/autumn/tasks")).text
        assert await db.fetchval("select max(version) from campaign_version") == 2
        same = await console_app.send(client, path, {"base": "2", "workdays": "5", "begins": "2026-11-02"})
        assert same.status_code == 303
        wrong = await console_app.send(client, path, {"base": "2", "workdays": "many"})
        assert wrong.status_code == 303
        assert await db.fetchval("select max(version) from campaign_version") == 2
        new = {"base": "2", "id": "pages", "zh": "页面", "en": 'The "pages"', "workdays": "3", "after": "copy"}
        assert (await console_app.send(client, "/campaigns/autumn/tasks", new)).status_code == 303
        made = read(await db.fetchval("select text from campaign_version where version = 3")).document
        assert made is not None
        assert (made.tasks[2].id, made.tasks[2].after, made.tasks[2].title.en) == ("pages", ("copy",), 'The "pages"')


async def test_progress_by_the_owner_and_nobody_else(fair: Fair, console_app: Console) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + TWO)
    db = fair.workspace.db
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        mine = (await client.get("/my-tasks")).text
        assert "Copy" in mine
        assert "Printing" not in mine
        done = await console_app.send(
            client, "/campaigns/autumn/tasks/copy/progress", {"percent": "100", "back": "mine"}
        )
        assert (done.status_code, done.headers["location"]) == (303, "/my-tasks")
        other = await console_app.send(client, "/campaigns/autumn/tasks/print/progress", {"percent": "50"})
        assert other.status_code == 403
        assert (
            await console_app.send(client, "/campaigns/autumn/tasks/none/progress", {"percent": "1"})
        ).status_code == 404
        assert (await console_app.send(client, "/campaigns/autumn/tasks/copy/plan", {"base": "1"})).status_code == 403
        wrong = await console_app.send(client, "/campaigns/autumn/tasks/copy/progress", {"percent": "101"})
        assert wrong.status_code == 303
    rows = await db.fetch("select task, percent, by from task_progress")
    assert [tuple(row) for row in rows] == [("copy", 100, "viewer")]
    detail = await db.fetchval("select detail::text from audit where action = 'task.done'")
    assert detail == '{"to": 100, "from": 0, "task": "copy"}'


async def test_files_are_kept_given_back_and_archived(
    fair: Fair, console_app: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fair.workspace.files = tmp_path / "files"
    await fair.office.create(await fair.actor(), document(fair.now_ms) + TWO)
    db = fair.workspace.db
    async with console_app.client() as client:
        await console_app.log_in(client, "operator")
        path = "/campaigns/autumn/tasks/copy/files"

        async def hand_in(content: bytes) -> int:
            token = token_of((await client.get("/me")).text)
            fields = {"_csrf": token, "material": "poster 1080x1920"}
            sent = await client.post(path, data=fields, files={"file": ("../海报.svg", content, "image/svg+xml")})
            return sent.status_code

        assert await hand_in(b"<svg onload='alert(1)'/>") == 303
        page = (await client.get("/campaigns/autumn/tasks")).text
        assert "material 1 of 1" in page
        id = await db.fetchval("select id from task_file")
        given = await client.get(f"/campaigns/autumn/files/{id}")
        assert given.content == b"<svg onload='alert(1)'/>"
        assert given.headers["content-type"].startswith("application/octet-stream")
        assert given.headers["content-disposition"].startswith("attachment")
        assert (await client.get(f"/campaigns/other/files/{id}")).status_code == 404
        monkeypatch.setattr(work, "FILE_MAX", 10)
        assert await hand_in(b"more than ten bytes") == 303
        assert await db.fetchval("select count(*) from task_file") == 1
        assert len(list((tmp_path / "files").rglob("*"))) == 2  # the campaign's folder and one file
        assert (await console_app.send(client, f"/campaigns/autumn/files/{id}/archive", {})).status_code == 303
        assert (await client.get(f"/campaigns/autumn/files/{id}")).status_code == 404
    audited = await db.fetch("select action from audit where action like 'task.%' order by seq")
    assert [row["action"] for row in audited] == ["task.file_handed_in", "task.file_archived"]


async def test_late_tasks_stand_on_the_first_page(fair: Fair, console_app: Console) -> None:
    await fair.open(document(fair.now_ms) + TWO)
    async with console_app.client() as client:
        await console_app.log_in(client, "viewer")
        page = (await client.get("/")).text
        assert "Late tasks: Harbour autumn" in page
        assert "2: Copy, Printing" in page


async def test_a_reminder_is_kept_once(fair: Fair) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + TWO)
    one = Reminder(task="copy", kind="due", due_on=date(2026, 11, 2), person="viewer")
    async with fair.workspace.db.acquire() as c:
        assert await work.remind(c, "autumn", [one]) == [one]
        assert await work.remind(c, "autumn", [one]) == []


@pytest.mark.parametrize(("width", "language"), [(WIDE, "en"), (NARROW, "zh")])
async def test_the_chart_is_dragged_and_the_page_is_sound(
    fair: Fair, console_app: Console, chromium: Browser, width: int, language: str
) -> None:
    await fair.office.create(await fair.actor(), document(fair.now_ms) + TWO)
    visitor = await Visitor.come(chromium, console_app.url, width=width, language=language)
    await sign_in(console_app, visitor, "operator")
    await visitor.page.goto("/my-tasks")
    await sound(visitor)
    await visitor.page.goto("/campaigns/autumn/tasks")
    bar = visitor.page.locator('.gantt_task_line[data-task-id="print"]')
    await expect(bar).to_be_visible()
    await sound(visitor)
    if width == WIDE:
        box = await bar.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await visitor.page.mouse.move(x, y)
        await visitor.page.mouse.down()
        await visitor.page.mouse.move(x + 40, y, steps=4)
        await visitor.page.mouse.move(x + 88, y, steps=4)
        await visitor.page.mouse.up()
        await expect(visitor.page.locator(".mh-toast")).to_contain_text("Printing changed, saved as v2")
        text = await fair.workspace.db.fetchval("select text from campaign_version where version = 2")
        made = read(text).document
        assert made is not None
        assert made.tasks[1].begins_ms is not None
    await visitor.leave()


async def test_the_loop_finds_whom_to_remind(fair: Fair) -> None:
    await fair.open(document(fair.now_ms) + TWO)
    found = await reminding.tick(fair.workspace)
    assert [(one.task, one.kind, one.person) for one in found] == [("copy", "late", "viewer")]
    assert await reminding.tick(fair.workspace) == []
    db = fair.workspace.db
    told = await db.fetch("select o.name, n.kind, n.title_en from notice n join operator o on o.id = n.operator")
    assert [tuple(row)[:2] for row in told] == [("viewer", "task.late")]
    assert told[0]["title_en"].startswith("Late: Copy (Harbour autumn), due ")
    assert await db.fetchval("select count(*) from task_reminder where sent_at is null") == 0
