"""The command `miaohui`. Each command is a few lines here; the room that does the work is imported when it is called."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cyclopts import App

if TYPE_CHECKING:
    from miaohui.demo.first_start import Demo
    from miaohui.workspace import Workspace

app = App(name="miaohui", help="Plan a marketing campaign, run it live, review it.", version_flags=[])


@app.command
def run() -> None:
    """Serve the workspace until Ctrl-C. Settings: miaohui.toml and MIAOHUI_* (docs/reference/settings.md)."""
    from miaohui.server.serve import run
    from miaohui.server.settings import read_settings

    run(read_settings(os.environ), ready)


@app.command
def web(*, tied: bool = False) -> None:
    """Only answer requests, beside a worker or a run of the same workspace: docs/how-to/several-processes.md.

    `tied`: stop when the standard input ends, as it does with whoever started this.
    """
    from miaohui.server.serve import run
    from miaohui.server.settings import read_settings

    def ready(workspace: "Workspace", _: "Demo | None") -> None:
        print(f"Miaohui answers at {workspace.url}", flush=True)

    run(read_settings(os.environ), ready, "web", tied=tied)


@app.command
def worker() -> None:
    """Own the event store and do what goes on behind the requests of web processes; a second one stands by."""
    from miaohui.server.serve import run
    from miaohui.server.settings import read_settings

    run(
        read_settings(os.environ),
        lambda workspace, _: print(f"The worker of {workspace.name} works", flush=True),
        "worker",
    )


def ready(workspace: "Workspace", demo: "Demo | None") -> None:
    """Say where the server answers, and how to come in."""
    print(f"Miaohui answers at {workspace.url}", flush=True)
    if demo is not None:
        print(f"  the console      operator {demo.card.operator}, password {demo.card.password}")
        print(f"  the campaign     {workspace.url}/c/{demo.campaign}")
        print(f"  for scripts      {demo.file}")
        print("Ctrl-C stops it", flush=True)


@app.command
def check(*files: Path, json: bool = False, sarif: bool = False, language: Literal["zh", "en"] = "en") -> None:
    """Read campaign documents and print every problem with its line, reason and remedy; exit code 1 if one must be put right."""
    from rich.console import Console

    from miaohui.campaign.report import check_files

    form: Literal["text", "json", "sarif"] = "sarif" if sarif else "json" if json else "text"
    if not check_files(files, form=form, language=language, console=Console()):
        sys.exit(1)


@app.command
def audit(*, json: bool = False) -> None:
    """Recompute what must hold (sums, limits, pendings, events), running or not; exit code 1 if anything does not."""
    from miaohui.server.auditing import audit_workspace
    from miaohui.server.settings import read_settings

    if not audit_workspace(read_settings(os.environ), as_json=json):
        sys.exit(1)


@app.command
def simulate(
    *,
    seed: int = 1,
    hours: float = 24,
    customers: int = 2000,
    on: Literal["memory", "postgres"] = "memory",
    log: Path | None = None,
    json: bool = False,
) -> None:
    """Virtual customers act on every play in virtual time while everything goes wrong; exit code 1 if a promise was broken.

    The same seed gives the same log, which `log` names a file for. `on` postgres: on a server of its own in a temporary folder.
    """
    from miaohui.server.simulating import simulate_here

    if not simulate_here(seed, hours, customers, on, log, as_json=json):
        sys.exit(1)


@app.command
def forget(customer: str) -> None:
    """Erase a customer's names, phones and e-mails for good; every sum stays. CUSTOMER: internal id, or shop:<the shop's id>."""
    from miaohui.customers.forget import UnknownCustomer
    from miaohui.server.forgetting import forget_customer
    from miaohui.server.settings import read_settings

    try:
        done = forget_customer(read_settings(os.environ), customer)
    except UnknownCustomer as unknown:
        sys.exit(f"miaohui: {unknown}")
    print(f"{done.customer}: {'was forgotten before' if done.before else f'{done.identities} identities erased'}")


imports = App(name="import", help="Bring history into the workspace, while its server does not run.")
app.command(imports)


@imports.command(name="complete-journey")
def complete_journey(*, shift_days: int | None = None) -> None:
    """The Complete Journey: a grocery chain's year of customers, orders and campaigns. Again: goes on, or changes nothing.

    Dates are kept unless they are to be moved by `shift_days` whole days.
    """
    from miaohui.server.importing import import_complete_journey
    from miaohui.server.settings import read_settings

    import_complete_journey(read_settings(os.environ), shift_days)


bench = App(name="bench", help="Measure on this machine, on servers and folders of its own.")
app.command(bench)


@bench.command
def claims(
    *,
    seconds: float = 5,
    repeats: int = 3,
    connections: tuple[int, ...] = (64, 256),
    customers: int = 500_000,
    coupons: int = 5_000_000,
    peers: int = 1,
    json: bool = False,
) -> None:
    """Durable coupon claims a second over HTTP, beside its peers; with --json one object as the last line.

    `peers`: in how many server processes each peer runs; Miaohui runs in one. 0 leaves them out.
    """
    import msgspec

    from miaohui.bench.claims import run, show

    outcome = run(
        seconds=seconds, repeats=repeats, connections=connections, customers=customers, coupons=coupons, against=peers
    )
    show(outcome)
    if json:
        print(msgspec.json.encode(outcome).decode())


@bench.command
def mix(
    *,
    seconds: float = 5,
    repeats: int = 3,
    connections: int = 256,
    customers: int = 600_000,
    groups: int = 10_000,
    peers: int = 1,
    json: bool = False,
) -> None:
    """Coupons, a flash sale, 10,000 groups and all of them mixed, with orders; with --json one object as the last line."""
    import msgspec

    from miaohui.bench.mix import run, show

    outcome = run(
        seconds=seconds, repeats=repeats, connections=connections, customers=customers, groups=groups, against=peers
    )
    show(outcome)
    if json:
        print(msgspec.json.encode(outcome).decode())


@bench.command
def overload(
    *,
    seconds: float = 5,
    repeats: int = 2,
    connections: tuple[int, ...] = (256, 1000, 4000, 8000),
    crowd: int = 1000,
    customers: int = 500_000,
    json: bool = False,
) -> None:
    """More than the server can take, a burst, a `crowd` of slow clients; with --json one object as the last line."""
    import msgspec

    from miaohui.bench.overload import run, show

    outcome = run(seconds=seconds, repeats=repeats, connections=connections, crowd=crowd, customers=customers)
    show(outcome)
    if json:
        print(msgspec.json.encode(outcome).decode())


@bench.command
def history(
    *,
    seconds: float = 5,
    repeats: int = 3,
    connections: int = 256,
    steps: tuple[int, ...] = (1_000, 100_000, 1_000_000, 10_000_000),
    json: bool = False,
) -> None:
    """What an action costs on 1 thousand and on 10 million rows of history; with --json one object as the last line."""
    import msgspec

    from miaohui.bench.history import run, show

    outcome = run(seconds=seconds, repeats=repeats, connections=connections, steps=steps)
    show(outcome)
    if json:
        print(msgspec.json.encode(outcome).decode())


@bench.command(name="audit")
def audit_bench(*, transfers: int = 10_000_000, json: bool = False) -> None:
    """How long the audit of so many transfers takes; with --json one object as the last line."""
    import msgspec

    from miaohui.bench.audit import run, show

    outcome = run(transfers=transfers)
    show(outcome)
    if json:
        print(msgspec.json.encode(outcome).decode())


@bench.command(name="war-room")
def war_room(*, actions: int = 200, per_second: float = 50, json: bool = False) -> None:
    """How long after an answered claim the war room shows it; with --json one object as the last line."""
    import msgspec

    from miaohui.bench.war_room import run

    delay = run(actions=actions, per_second=per_second)
    print(f"{delay.actions} actions: p50 {delay.p50_ms} ms, p99 {delay.p99_ms} ms, most {delay.max_ms} ms")
    if json:
        print(msgspec.json.encode(delay).decode())


@bench.command
def pricing(*, runs: int = 200, seconds: float = 5, connections: int = 16, peer: Path | None = None) -> None:
    """How long pricing a cart takes, in CPU time, and over HTTP; --peer FOLDER (benchmarks/pricing): Medusa's module beside it."""
    from miaohui.bench import pricing as bench_pricing
    from miaohui.bench import pricing_http

    print(bench_pricing.show(bench_pricing.targets(runs)))
    print(bench_pricing.show(bench_pricing.growth(max(1, runs // 4))))
    print(pricing_http.show(pricing_http.run(seconds=seconds, connections=connections), connections))
    if peer is not None:
        from miaohui.bench import pricing_peer

        print("| the same carts | Miaohui ms | Medusa ms | largest difference |\n|---|---|---|---|")
        for row in pricing_peer.run(peer, runs=max(1, runs // 4)):
            print(f"| {row.what} | {row.ours_ms:.1f} | {row.theirs_ms:.1f} | {row.differ_minor:.1f} minor units |")


@app.command
def reference() -> None:
    """Write the pages of docs/reference that are made from the code, and the example of the settings."""
    from miaohui.server.reference import write_all

    for path in write_all():
        print(path)


def main() -> None:
    """Run a command. What somebody can put right is one sentence and exit code 1; anything else is a bug with its trace."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as e:
        from miaohui.server.serve import PROBLEMS

        if isinstance(e, PROBLEMS):
            sys.exit(f"miaohui: {e}")
        raise
