"""Runs a command with MIAOHUI_DATABASE_URL set to a throw-away cluster of Debian's PostgreSQL, then removes it.

The user of the address is an ordinary one, made as docs/how-to/own-engines.md says: he is no superuser.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from miaohui.server.postgres import EmbeddedPostgres

HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def newest() -> Path:
    """The newest PostgreSQL that Debian has installed here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        sys.exit("Debian's PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


async def make_user(url: str) -> str:
    """The database `shop` of the ordinary user `shop`; its address."""
    connection = await asyncpg.connect(url)
    await connection.execute("create role shop login createrole")
    await connection.execute("create database shop owner shop")
    await connection.close()
    return f"postgresql://shop@/shop?{urlsplit(url).query}"


def main() -> int:
    """The command's exit code."""
    programs = newest()
    print(f"on {programs}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="miaohui-test-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres", HASTE, programs) as postgres,
    ):
        url = asyncio.run(make_user(postgres.url))
        return subprocess.run(sys.argv[1:], check=False, env=os.environ | {"MIAOHUI_DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main())
