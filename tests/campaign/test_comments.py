"""Comments: a thread on a field is begun, answered, resolved and opened again; who takes part is told, and nobody else."""

from typing import Any

from miaohui.campaign import comments
from miaohui.team import notices, operators
from tests.campaign.conftest import BOSS, LIN, VIEWER, Desk
from tests.campaign.test_office import refused

ID, PRICE = "lantern-fair", "plays.eight.price"


async def say(desk: Desk, by: Any, text: str, **where: Any) -> None:
    async with desk.db.acquire() as c, c.transaction():
        await comments.comment(c, by.name, ID, text, **where)


async def test_a_thread_from_question_to_answer(desk: Desk) -> None:
    ids = {}
    async with desk.db.acquire() as c:
        for actor in (LIN, BOSS, VIEWER):
            ids[actor.name] = (await operators.add(c, "setup", actor.name, actor.role, "ten letters")).id
    await refused("unknown_campaign", say(desk, BOSS, "hello"))
    await desk.office.create(LIN, desk.document())
    await say(desk, BOSS, "Is that not too low?", path=PRICE)
    await desk.office.save(LIN, ID, 1, desk.document(stock=12))
    async with desk.db.acquire() as c:
        (thread,) = await comments.threads(c, ID)
        assert await comments.open_counts(c, ID) == {PRICE: 1}
        assert [one.title.en for one in await notices.notices(c, ids["lin"])] == [
            f"boss ({PRICE}): Is that not too low?"
        ]
    await say(desk, LIN, "It is meant.", thread=thread.id)
    await refused("no_text", say(desk, LIN, "  ", thread=thread.id))
    await refused("unknown_thread", say(desk, LIN, "where?", thread=thread.id + 99))
    async with desk.db.acquire() as c, c.transaction():
        await comments.resolve(c, "boss", ID, thread.id)
    async with desk.db.acquire() as c:
        (thread,) = await comments.threads(c, ID)
        assert [(one.by, one.text, one.version) for one in thread.comments] == [
            ("boss", "Is that not too low?", 1),
            ("lin", "It is meant.", 2),
        ]
        assert (thread.path, thread.resolved_by) == (PRICE, "boss")
        assert await comments.open_counts(c, ID) == {}
        assert await notices.unread(c, ids["vera"]) == 0
        assert await notices.unread(c, ids["boss"]) == 1
        await refused("unknown_thread", comments.resolve(c, "boss", ID, thread.id))
    await say(desk, BOSS, "And the stock?", thread=thread.id)
    async with desk.db.acquire() as c:
        assert await comments.open_counts(c, ID) == {PRICE: 1}
    said = [action for _, action in await desk.audit() if "comment" in action]
    assert said == ["campaign.commented", "campaign.commented", "campaign.comment_resolved", "campaign.commented"]
