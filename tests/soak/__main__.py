"""`scripts/bench`: long runs with real processes. Each prints a report, and fails if something is wrong."""

from __future__ import annotations

import dataclasses
import itertools
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from alc_app.cli.output import Commands
from alc_app.config.settings import Config
from alc_app.runtime.migrations.schema import migrate_all
from tests.soak.table import Report, to_json, to_text
from tests.support.servers import postgres
from tests.support.servers.stack import free_ports

DATABASES = click.option(
    "--database", type=click.Choice(["sqlite", "postgres", "both"]), default="both", show_default=True
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
SEED = click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same choices.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Long runs with real processes. Each prints a report, and exits with 1 if something is wrong."""


@main.command()
@DATABASES
@SEED
@click.option(
    "--events", type=int, default=1000, show_default=True, help="Number of results; a tenth of them are sent twice."
)
def burst(database: str, seed: int, events: int) -> None:
    """Send shuffled results while Attio takes 25 writes a second, and kill one of two workers."""
    from tests.soak.burst import run

    for name, home, url in _each(database):
        _show(f"burst on {name}", run(events, seed, home, url))


@main.command()
@DATABASES
@SEED
@click.option("--kills", type=int, default=100, show_default=True)
def kill(database: str, seed: int, kills: int) -> None:
    """Kill -9 processes at random while users connect, send and disconnect, then check I1 to I6."""
    from tests.soak.kill import run

    for name, home, url in _each(database):
        _show(f"kill on {name}", run(kills, seed, home, url))


@main.command()
@DATABASES
@click.option("--verdicts", type=int, default=300, show_default=True)
@click.option("--per-second", type=float, default=15.0, show_default=True)
@click.option("--backlog", type=int, default=250, show_default=True, help="Verdicts that are sent at once.")
@click.option("--writes-per-second", type=int, default=25, show_default=True, help="Limit of Attio; 0 for none.")
@JSON
def latency(
    database: str, verdicts: int, per_second: float, backlog: int, writes_per_second: int, as_json: bool
) -> None:
    """Measure how long a result takes to the write, what it costs, and how fast a backlog drains."""
    from tests.soak.latency import run

    _show_table(
        as_json,
        {
            f"latency on {name}": run(verdicts, per_second, backlog, home, url, writes_per_second)
            for name, home, url in _each(database)
        },
    )


@main.command("click")
@DATABASES
@click.option("--clicks", type=int, default=20, show_default=True)
@JSON
def click_(database: str, clicks: int, as_json: bool) -> None:
    """Measure how long a person waits from a click on Send to its toast, beside the calls that it makes."""
    from tests.soak.clicks import run

    _show_table(as_json, {f"click on {name}": run(clicks, home, url) for name, home, url in _each(database)})


@main.command()
@DATABASES
@click.option("--seconds", type=float, default=60.0, show_default=True)
@JSON
def idle(database: str, seconds: float, as_json: bool) -> None:
    """Measure what the servers cost at rest, in percent of one core."""
    from tests.soak.idle import run

    _show_table(as_json, {f"idle on {name}": run(seconds, home, url) for name, home, url in _each(database)})


@main.command()
@SEED
@click.option("--rounds", type=int, default=100, show_default=True)
def lifecycle(seed: int, rounds: int) -> None:
    """Connect and disconnect with random network faults, then check that nothing is left at ALC or here."""
    from tests.soak.lifecycle import run

    with _home() as home:
        _show("lifecycle", run(rounds, seed, home, on_progress=_progress(rounds, "rounds")))


@main.command()
@click.option("--seed", type=int, help="The same seed makes the same choices; by default a new seed, which is printed.")
@click.option("--examples", type=int, default=5000, show_default=True, help="Number of sequences of actions.")
def machine(seed: int | None, examples: int) -> None:
    """Perform random actions in one thread and virtual time, and shrink what breaks one of I1 to I6."""
    from tests.soak.machine import run

    with _home() as home:
        _show("machine", run(examples, seed, home, on_progress=_progress(examples, "days")))


@main.command()
@DATABASES
@SEED
@click.option("--operations", type=int, default=2000, show_default=True)
@click.option("--threads", type=int, default=8, show_default=True)
@click.option("--database-url", default="", help="A migrated Postgres that exists, instead of --database.")
@click.option("--without", multiple=True, help="A kind of operation to leave out, such as 'attio forbids'.")
@click.option("--patience", type=float, default=180.0, show_default=True, help="Seconds to wait for what is due.")
@click.option("--keep", type=click.Path(path_type=Path), help="A folder in which the databases and logs stay.")
@JSON
def mix(
    database: str,
    seed: int,
    operations: int,
    threads: int,
    database_url: str,
    without: tuple[str, ...],
    patience: float,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Click, merge, delete and break things by several threads, then check what ALC, the CRM and people see."""
    from tests.soak.mix.run import run
    from tests.soak.mix.text import lines

    reports = {}
    for name in ["given"] if database_url else ["sqlite", "postgres"] if database == "both" else [database]:
        with _home(keep and keep / name) as home, nullcontext(database_url) if database_url else _database(name) as url:
            progress = _progress(operations, "operations")
            reports[name] = run(
                operations, threads, seed, home, url, without=without, patience=patience, on_progress=progress
            )
        if not as_json:
            click.secho(f"mix on {name}", bold=True)
            click.echo("\n".join(lines(reports[name])))
    if as_json:
        click.echo(json.dumps({name: dataclasses.asdict(report) for name, report in reports.items()}, indent=2))
    if any(report.wrong for report in reports.values()):
        raise click.ClickException("Something is wrong: see the report.")


@main.command()
@click.option("--database", type=click.Choice(["sqlite", "postgres"]), default="sqlite", show_default=True)
@click.option("--rounds", type=int, default=5, show_default=True, help="How often each server has its turn.")
@click.option("--seconds", type=float, default=2.0, show_default=True, help="Length of a turn.")
@click.option("--stored", type=int, default=100_000, show_default=True, help="Deliveries that are stored before.")
@JSON
def intake(database: str, rounds: int, seconds: float, stored: int, as_json: bool) -> None:
    """Measure how many deliveries a second are stored, beside servers that do less or do it plainly."""
    from tests.soak.intake import ack, run

    with _home() as home, _databases(database) as new:
        with new() as url:
            answers = ack.run(home / "ack", url, seconds=10)
        report = run.run(
            home, new if database == "postgres" else None, rounds, seconds, stored, _progress(rounds + 1, "rounds")
        )
        for part, goal in ((0.5, "≤ 5"), (0.99, "≤ 20")):
            what = f"answer at {ack.PER_SECOND}/s while a backlog drains, p{part * 100:.0f}, ms"
            report.add(what, answers.percentile_ms(part), goal)
    _show_table(as_json, {f"intake on {database}": report})


@main.command()
@DATABASES
@click.option("--days", type=int, default=1000, show_default=True)
@click.option("--number", type=int, default=1, show_default=True, help="The same number invents the same days.")
def storm(database: str, days: int, number: int) -> None:
    """Invent hostile days for the app, kill -9 its processes, and tell the shortest day that breaks a promise."""
    from tests.soak.storm import run

    for name, home, url in _each(database):
        _show(f"storm on {name}", run(days, number, home, url, on_progress=_progress(days, "days")))


@main.command()
@click.option("--rounds", type=int, default=20, show_default=True)
@JSON
def start(rounds: int, as_json: bool) -> None:
    """Measure how soon `mock-alc serve` and `alc-app demo` answer, beside the import time of their libraries."""
    from tests.soak.start import run

    with _home() as home:
        _show_table(as_json, {"start": run(rounds, home, on_progress=_progress(rounds + 1, "starts"))})


def _progress(total: int, what: str) -> Callable[[], None]:
    """Return a function to call after each unit of work, which prints the progress about 20 times."""
    done = itertools.count(1)

    def advance() -> None:
        at = next(done)
        if at % max(total // 20, 1) == 0:
            click.echo(f"{at} of {total} {what}", err=True)

    return advance


@contextmanager
def _home(kept: Path | None = None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="alc-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _database(name: str) -> Iterator[str]:
    """Yield the URL of a migrated Postgres database, or "" for SQLite, where the processes create their own."""
    with _databases(name) as new, new() as url:
        yield url


@contextmanager
def _databases(name: str) -> Iterator[Callable[[], AbstractContextManager[str]]]:
    """Yield a function that creates a database and yields its URL, as `_database` does."""
    if name == "sqlite":
        yield lambda: nullcontext("")
        return
    if postgres.binaries() is None:
        raise click.ClickException(postgres.HOW_TO_GET_ONE)
    with postgres.server(free_ports(1)[0], durable=True) as server_url:

        @contextmanager
        def new() -> Iterator[str]:
            with postgres.database(server_url) as url:
                migrate_all(Config.from_env(database_url=url), lambda _: None)
                yield url

        yield new


def _each(names: str) -> Iterator[tuple[str, Path, str]]:
    """Yield the name, a new home and the URL of each database that was asked for."""
    for name in ["sqlite", "postgres"] if names == "both" else [names]:
        with _home() as home, _database(name) as url:
            yield name, home, url


def _show_table(as_json: bool, reports: Mapping[str, Report]) -> None:
    click.echo(to_json(reports) if as_json else to_text(reports))
    if any(report.wrong for report in reports.values()):
        raise click.ClickException("Something is wrong: see the report.")


def _show(title: str, report: Any) -> None:
    click.secho(title, bold=True)
    for name, value in dataclasses.asdict(report).items():
        click.echo(f"  {name.replace('_', ' '):<20} {_in_words(value)}")
    if report.wrong:
        raise click.ClickException("Something is wrong: see the report.")


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{key}: {count}" for key, count in value.items()]
    if isinstance(value, list):
        return ", ".join(value) or "nothing"
    return f"{value:.{1 if value >= 10 else 2}f}" if isinstance(value, float) else str(value)


main(prog_name="scripts/bench")
