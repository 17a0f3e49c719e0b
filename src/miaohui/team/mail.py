"""Notices by e-mail: those of operators with an address, sent by the SMTP server of the settings.

A letter is taken when it is due, sent, and marked; nobody waits for it. A server that fails is asked again after half a minute,
then after twice as long each time, an hour at most. After ten times, or when the server says that the address will never do (5xx),
the letter is given up and the list of notices says so. Notices older than a day are not sent any more: nobody wants yesterday's.

A letter is sent at least once: who is killed between the server's yes and our mark sends it again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import asyncpg
import structlog
from msgspec import Struct

TICK_S = 5.0
MOST = 20
ATTEMPTS = 10
FIRST_S = 30
LONGEST_S = 3600
TIMEOUT_S = 20.0

log = structlog.get_logger()


class Server(Struct, frozen=True, kw_only=True):
    """The SMTP server; `tls`: none, starttls, or tls from the first byte. Without a user nobody logs in."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: str = "starttls"


class Mail:
    """Sends what is waiting. `url`: where the console is, for the link; `title`: what the shop is called."""

    def __init__(self, db: "asyncpg.Pool[Any]", server: Server, url: str, title: str) -> None:
        self.db, self.server, self.url, self.title = db, server, url, title

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Send until cancelled."""
        while True:
            await self.send_due()
            await sleep(TICK_S)

    async def send_due(self) -> int:
        """Send all letters that are due, one after another; how many the server took."""
        await self.db.execute(
            """update notice set mail = 'none', mail_error = 'older than a day'
               where mail = 'waiting' and mail_attempts = 0 and at < to_timestamp(now_ms() / 1000.0) - interval '1 day'"""
        )
        rows = await self.db.fetch(
            """select n.id, n.title_zh, n.title_en, n.path, n.mail_attempts, o.email from notice n
               join operator o on o.id = n.operator
               where n.mail = 'waiting' and n.mail_due <= to_timestamp(now_ms() / 1000.0) order by n.mail_due, n.id limit $1""",
            MOST,
        )
        sent = 0
        for row in rows:
            sent += await self._send(row)
        return sent

    async def _send(self, row: Any) -> bool:
        s = self.server
        try:
            await aiosmtplib.send(
                self._letter(row),
                hostname=s.host,
                port=s.port,
                username=s.user or None,
                password=s.password or None,
                use_tls=s.tls == "tls",
                start_tls=s.tls == "starttls",
                timeout=TIMEOUT_S,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._failed(row, error)
            return False
        await self.db.execute("update notice set mail = 'sent', mail_error = '' where id = $1", row["id"])
        return True

    async def _failed(self, row: Any, error: Exception) -> None:
        attempts = row["mail_attempts"] + 1
        over = attempts >= ATTEMPTS or permanent(error)
        wait_s = min(FIRST_S * 2 ** (attempts - 1), LONGEST_S)
        log.warning("a notice could not be mailed", notice=row["id"], attempts=attempts, given_up=over, why=str(error))
        await self.db.execute(
            """update notice set mail = $2, mail_attempts = $3, mail_error = $4,
               mail_due = to_timestamp(now_ms() / 1000.0) + make_interval(secs => $5) where id = $1""",
            row["id"], "failed" if over else "waiting", attempts, str(error)[:500], float(wait_s),
        )  # fmt: skip

    def _letter(self, row: Any) -> EmailMessage:
        letter = EmailMessage()
        letter["From"], letter["To"] = self.server.sender, row["email"]
        letter["Subject"] = f"{row['title_zh']} · {row['title_en']}"
        letter["Message-ID"] = f"<notice-{row['id']}@{self.server.sender.rpartition('@')[2].rstrip('>')}>"
        letter.set_content(
            f"{row['title_zh']}\n{row['title_en']}\n\n{self.url}{row['path']}\n\n{self.title}\n"
            "不想再收：请管理员去掉你的邮箱。To stop these, ask an administrator to take your address out.\n"
        )
        return letter


def permanent(error: Exception) -> bool:
    """Whether the server will never take this letter."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(one.code >= 500 for one in error.recipients)
    return isinstance(error, aiosmtplib.SMTPResponseException) and error.code in (550, 551, 553, 554)
