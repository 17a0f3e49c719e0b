"""Notices are mailed by a real SMTP conversation: sent once, retried with back-off, given up; and nobody waits for it."""

import socket
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from miaohui.team import notices, operators
from miaohui.team.mail import Mail, Server
from miaohui.text import Text

SAID = Text("等你签字：灯会 v1", "Your signature: Lantern fair v1")


class Post:
    """A mail server that keeps what it takes; `answer` is what it says to the next letters."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """A letter."""
        if self.answer.startswith("250"):
            self.letters.append((envelope.mail_from, envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return self.answer


@pytest.fixture
async def post(database: Any) -> AsyncIterator[tuple[Post, Mail]]:
    """A server on a free port, and what sends to it; Fan has an address, Lin has none."""
    kept = Post()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    async with database.acquire() as c:
        for name in ("fan", "lin"):
            one = await operators.add(c, "setup", name, "operator", "ten letters")
            if name == "fan":
                await operators.place(c, "setup", one.id, " finance ", "fan@example.com")
    server = Server(host="127.0.0.1", port=port, sender="fair@example.com", tls="none")
    yield kept, Mail(database, server, "https://fair.example.com", "Harbour Grocer")
    controller.stop()


async def tell(database: Any) -> list[str]:
    async with database.acquire() as c:
        return await notices.notify(c, "boss", ["fan", "lin", "nobody"], "campaign.submitted", SAID, "/campaigns/x")


async def later(database: Any, seconds: int) -> None:
    await database.execute("update workspace set clock_offset_ms = clock_offset_ms + $1", seconds * 1000)


async def states(database: Any) -> list[tuple[str, int]]:
    return [tuple(r) for r in await database.fetch("select mail, mail_attempts from notice order by id")]


async def test_a_notice_is_mailed_once_to_who_has_an_address(database: Any, post: tuple[Post, Mail]) -> None:
    kept, mail = post
    assert await tell(database) == ["fan", "lin"]
    assert await states(database) == [("waiting", 0), ("none", 0)]
    assert await mail.send_due() == 1
    assert await mail.send_due() == 0
    ((sender, to, letter),) = kept.letters
    assert (sender, to) == ("fair@example.com", ["fan@example.com"])
    assert str(make_header(decode_header(letter["Subject"]))) == f"{SAID.zh} · {SAID.en}"
    body = letter.get_payload(decode=True).decode()
    assert "https://fair.example.com/campaigns/x" in body
    assert "Harbour Grocer" in body
    assert await states(database) == [("sent", 0), ("none", 0)]


async def test_a_failing_server_is_asked_again_after_ever_longer_times(database: Any, post: tuple[Post, Mail]) -> None:
    kept, mail = post
    await tell(database)
    kept.answer = "451 busy"
    assert await mail.send_due() == 0
    assert await mail.send_due() == 0  # not due yet
    assert (await states(database))[0] == ("waiting", 1)
    for attempts, wait_s in ((2, 30), (3, 60), (4, 120)):
        await later(database, wait_s - 5)
        assert await mail.send_due() == 0
        assert (await states(database))[0] == ("waiting", attempts - 1)
        await later(database, 6)
        assert await mail.send_due() == 0
        assert (await states(database))[0] == ("waiting", attempts)
    kept.answer = "250 OK"
    await later(database, 300)
    assert await mail.send_due() == 1
    assert (await states(database))[0][0] == "sent"


async def test_what_the_server_will_never_take_is_given_up_and_said(database: Any, post: tuple[Post, Mail]) -> None:
    kept, mail = post
    await tell(database)
    kept.answer = "550 no such mailbox"
    assert await mail.send_due() == 0
    assert await states(database) == [("failed", 1), ("none", 0)]
    fan = await database.fetchval("select id from operator where name = 'fan'")
    async with database.acquire() as c:
        (one,) = await notices.notices(c, fan)
    assert (one.mail, "no such mailbox" in one.mail_error) == ("failed", True)


async def test_a_server_that_is_not_there_loses_nothing(database: Any, post: tuple[Post, Mail]) -> None:
    _, mail = post
    away = Mail(database, Server(host="127.0.0.1", port=1, sender="fair@example.com", tls="none"), "", "")
    await tell(database)
    assert await away.send_due() == 0
    assert (await states(database))[0] == ("waiting", 1)
    await later(database, 31)
    assert await mail.send_due() == 1


async def test_nobody_wants_yesterdays_notices(database: Any, post: tuple[Post, Mail]) -> None:
    kept, mail = post
    await tell(database)
    await later(database, 86_401)
    assert await mail.send_due() == 0
    assert kept.letters == []
    assert await states(database) == [("none", 0), ("none", 0)]


async def test_unread_until_read(database: Any, post: tuple[Post, Mail]) -> None:
    fan = await database.fetchval("select id from operator where name = 'fan'")
    for _ in range(3):
        await tell(database)
    async with database.acquire() as c:
        assert await notices.unread(c, fan) == 3
        found = await notices.notices(c, fan)
        await notices.read(c, fan, found[1].id)
        assert await notices.unread(c, fan) == 1
        assert [one.read for one in await notices.notices(c, fan)] == [False, True, True]
