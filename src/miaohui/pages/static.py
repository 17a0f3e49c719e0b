"""Static files of the rooms: `/static/<room>/<path>` is `<room>/static/<path>`.

`asset("console/console.css")` is the address with the first 12 hex digits of the content's SHA-256 as `?v=`: under
it a file may be kept for a year, because other content has another address. Text files go out gzipped.
"""

import gzip
import hashlib
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from miaohui.pages.language import AnyRequest

_PACKAGE = Path(__file__).parents[1]
_PACKED = {".css", ".js", ".json", ".svg", ".txt"}


def file_of(name: str) -> Path | None:
    """The file behind "console/console.css"; None if there is none or the path leads out of the room's folder."""
    room, _, path = name.partition("/")
    if not room.isidentifier():
        return None
    folder = _PACKAGE / room / "static"
    file = (folder / path).resolve()
    return file if file.is_file() and file.is_relative_to(folder.resolve()) else None


def asset(name: str) -> str:
    """The address of the static file `name`, with its version."""
    file = file_of(name)
    if file is None:
        raise LookupError(f"there is no static file {name!r}: it would lie in {name.partition('/')[0]}/static/")
    return f"/static/{name}?v={_version(file, file.stat().st_mtime_ns)}"


@lru_cache(maxsize=256)
def _version(file: Path, changed_ns: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _packed(file: Path, changed_ns: int) -> bytes:
    return gzip.compress(file.read_bytes(), 6, mtime=0)


@get("/static/{name:path}", include_in_schema=False)
async def static_file(request: AnyRequest, name: FromPath[str], v: FromQuery[str] = "") -> Response[bytes]:
    """The file; kept for a year under its own version, asked for again otherwise."""
    file = file_of(str(name).lstrip("/"))
    if file is None:
        raise NotFoundException
    changed_ns = file.stat().st_mtime_ns
    version = _version(file, changed_ns)
    kept = "public, max-age=31536000, immutable" if v == version else "no-cache"
    headers = {"Cache-Control": kept, "ETag": f'"{version}"', "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == f'"{version}"':
        return Response(b"", status_code=304, headers=headers)
    content = file.read_bytes()
    if file.suffix in _PACKED and "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = _packed(file, changed_ns), "gzip"
    kind = guess_type(file.name)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers=headers)
