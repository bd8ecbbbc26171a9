"""`scripts/bench …`: long runs with real processes; each prints what it saw, and fails when something is wrong."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from alc_app.config.settings import Config
from alc_app.runtime.migrations.schema import migrate_all
from tests.support.servers import postgres
from tests.support.servers.stack import free_ports

DATABASES = click.option(
    "--database", type=click.Choice(["sqlite", "postgres", "both"]), default="both", show_default=True
)
SEED = click.option("--seed", type=int, default=1, show_default=True, help="the same seed makes the same choices")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Long runs with real processes. Each prints what it saw, and exits with 1 when something is wrong."""


@main.command()
@DATABASES
@SEED
@click.option("--events", type=int, default=1000, show_default=True, help="verdicts; a tenth of them come twice")
def burst(database: str, seed: int, events: int) -> None:
    """Shuffled verdicts into an Attio that takes 25 writes a second; two workers, one killed midway."""
    from tests.soak.burst import run

    for name in ["sqlite", "postgres"] if database == "both" else [database]:
        with _home() as home, _database(name) as url:
            _show(f"burst on {name}", run(events, seed, home, url))


@main.command()
@DATABASES
@SEED
@click.option("--kills", type=int, default=100, show_default=True)
def kill(database: str, seed: int, kills: int) -> None:
    """Kill -9 at random while people connect, send and disconnect; then see whether I1 to I6 hold."""
    from tests.soak.kill import run

    for name in ["sqlite", "postgres"] if database == "both" else [database]:
        with _home() as home, _database(name) as url:
            _show(f"kill on {name}", run(kills, seed, home, url))


@main.command()
@SEED
@click.option("--rounds", type=int, default=100, show_default=True)
def lifecycle(seed: int, rounds: int) -> None:
    """Connect and disconnect with random faults on the wire; then see whether anything is left at ALC or here."""
    from tests.soak.lifecycle import run

    with _home() as home:
        _show("lifecycle", run(rounds, seed, home, told=_progress(rounds, "rounds")))


@main.command()
@click.option("--seed", type=int, help="the same seed plays the same days; default: a new one, which is shown")
@click.option("--examples", type=int, default=5000, show_default=True, help="days in virtual time")
def machine(seed: int | None, examples: int) -> None:
    """Anything in any order, in one thread; what breaks one of I1 to I6 is cut down to the steps that it takes."""
    from tests.soak.machine import run

    with _home() as home:
        _show("machine", run(examples, seed, home, told=_progress(examples, "days")))


@main.command()
@click.option("--rounds", type=int, default=20, show_default=True)
def start(rounds: int) -> None:
    """How soon `mock-alc serve` listens and has answered its first call, beside the time of its libraries alone."""
    from tests.soak.start import run

    with _home() as home:
        _show("start", run(rounds, home, told=_progress(rounds + 1, "starts")))


def _progress(total: int, what: str) -> Callable[[], None]:
    """To be called for each; says every now and then how far it is. A failure takes more of them, to be cut down."""
    done = itertools.count(1)

    def told() -> None:
        at = next(done)
        if at % max(total // 20, 1) == 0:
            click.echo(f"{at} of {total} {what}", err=True)

    return told


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="alc-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _database(name: str) -> Iterator[str]:
    """The URL of a database that is up to date; on SQLite the processes make their own."""
    if name == "sqlite":
        yield ""
        return
    if postgres.binaries() is None:
        raise click.ClickException(postgres.HOW_TO_GET_ONE)
    with postgres.server(free_ports(1)[0]) as url:
        migrate_all(Config.from_env(database_url=url), lambda _: None)
        yield url


def _show(title: str, report: Any) -> None:
    click.secho(title, bold=True)
    for name, value in dataclasses.asdict(report).items():
        click.echo(f"  {name.replace('_', ' '):<20} {_in_words(value)}")
    if report.wrong:
        raise click.ClickException("This is not as it should be.")


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        value = [f"{key}: {count}" for key, count in value.items()]
    if isinstance(value, list):
        return ", ".join(value) or "nothing"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


main(prog_name="scripts/bench")
