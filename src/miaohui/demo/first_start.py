"""What a demo does before it answers. At its first start: import the shop's year, moved by whole weeks so that its last day falls
in the week before, make the log-in, open the campaign. Later starts find all that and open a new edition if the last is over.

Whatever was cut off is done again by the next start, with the same outcome; how far the dates move is decided once.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from miaohui.clock import moment_of
from miaohui.customers import complete_journey
from miaohui.demo import card, fair, simulated
from miaohui.demo.card import Card
from miaohui.workspace import Workspace


class Demo(Struct, frozen=True):
    """The way in: the card, the file it lies in, and the campaign that is open."""

    card: Card
    file: Path
    campaign: str


async def prepare(workspace: Workspace, folder: Path) -> Demo:
    """Make the demo whole: its data, its log-in, its campaign. ImportFailed."""
    begun = await complete_journey.moved_by(workspace.db)
    today = moment_of(workspace.clock()).astimezone(ZoneInfo(complete_journey.ZONE)).date()
    workspace.shift_days = complete_journey.shift_before(today) if begun is None else begun
    with bar() as progress:
        await complete_journey.run(workspace, progress, folder=folder, shift_days=workspace.shift_days)
    issued = await card.issue(workspace, folder)
    return Demo(issued, folder / card.FILE, await fair.keep_open(workspace))


def demo_loops(workspace: Workspace, here: str) -> dict[str, Callable[[], Awaitable[None]]]:
    """What goes on in a demo besides: the next edition, and simulated customers if the setting lets them."""
    todo: dict[str, Callable[[], Awaitable[None]]] = {"editions": partial(fair.stay_open, workspace)}
    if workspace.simulated:
        todo["simulated"] = partial(simulated.run, workspace, here)
    return todo


@contextmanager
def bar() -> Iterator[complete_journey.Progress]:
    """A progress bar on the terminal, once there is something to show."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as shown:
        tasks: list[TaskID] = []

        def told(step: str, done: int, steps: int) -> None:
            if not tasks:
                print("The first start loads a shop's year: 1.5 million lines, a minute or two", flush=True)
                tasks.append(shown.add_task("", total=steps))
            shown.update(tasks[0], completed=done, description=step or "the year is loaded")

        yield told
