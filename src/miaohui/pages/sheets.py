"""Lists as CSV files: UTF-8 with the mark that spreadsheets look for, streamed, with no cell that runs as a formula."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from litestar.response import Stream

Cell = str | int
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(name: str, header: Sequence[str], rows: AsyncIterator[Sequence[Cell]]) -> Stream:
    """The answer that saves `rows` as the file `name`; numbers are given as int or as text of `plain`."""

    async def lines() -> AsyncIterator[str]:
        yield "\ufeff" + _line(header)
        async for row in rows:
            yield _line(row)

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(lines(), media_type="text/csv", headers=headers)


def _line(cells: Iterable[Cell]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([cell if isinstance(cell, int) else _harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would run; figures stay figures."""
    if cell.startswith(_FORMULA) and not cell.lstrip("-").replace(".", "", 1).isdigit():
        return f"'{cell}"
    return cell
