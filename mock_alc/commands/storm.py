"""`mock-alc storm` and `mock-alc story`: hostile days for the app under test, and stories to play again."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pprint import pformat
from typing import Any, TypeVar

import click

from mock_alc.commands.control_client import call, url_option
from mock_alc.commands.options import Commands

F = TypeVar("F", bound=Callable[..., Any])
STORM_HELP = """Invent hostile days for the app under test, until a promise breaks.

The app may be written in any language. It talks to a mock that you start before, and has two URLs: one sends a
person to ALC, one returns what the CRM shows for that person.

\b
  mock-alc serve --control
  mock-alc storm --app http://127.0.0.1:5000 --run "node app.mjs" \\
      --click "POST /send/{person}" --status "GET /status/{person}" \\
      --connect "POST /connect" --disconnect "POST /disconnect"

{person} is a record id. With --run the storm starts the app, kills it and starts it again; without, start it
yourself. With --connect and --disconnect it is connected too. `POST /_mock/tokens` of the mock gives the app an
access and a refresh token without a browser.

The storm shows the shortest day that breaks a promise in sentences, and saves it as one file.
"""
CALLS = (
    ("--click", "Sends a person, such as `POST /send/{person}`. An answer from 400 on is a refusal.", True),
    ("--status", "Returns the status that the CRM shows: Pending, Complete, Failed or nothing.", True),
    ("--status-field", "Its field in a JSON answer, such as `data.status`. [default: status]", False),
    ("--person", "Creates a person, if the app does not accept any record id.", False),
    ("--person-field", "The field of the record id in its answer. [default: id]", False),
    ("--connect", "Connects the app to the mock, such as `POST /connect`: tokens, and a webhook.", False),
    ("--disconnect", "Disconnects it, such as `POST /disconnect`.", False),
    ("--run", "The command that runs the app, such as `node app.mjs`. The storm starts and kills it.", False),
    ("--kill", "Instead of --run, a command of the shell that kills the app: `kill -9 $(cat app.pid)`.", False),
    ("--start", "And one that starts it again: `node app.mjs & echo $! > app.pid`.", False),
    ("--reset", "A command of the shell that deletes what the killed app has stored: `rm -f app.db`.", False),
)


def storm_options(command: F) -> F:
    """Add what says how the app is used."""
    options = [
        url_option,
        click.option("--app", required=True, help="Address of the app under test."),
        *(click.option(flag, help=words, required=required, default=None) for flag, words, required in CALLS),
        click.option("--promise", "promises", multiple=True, help="Check only this promise; may be repeated."),
        click.option("--patience", type=float, default=2.0, show_default=True,
                     help="Seconds for the app's background work."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command(help=STORM_HELP)
@storm_options
@click.option("--days", type=click.IntRange(1), default=100, show_default=True, help="Number of days to invent.")
@click.option("--number", type=int, default=0, show_default=True, help="The same number invents the same days.")
@click.option("--story", type=click.Path(path_type=Path, dir_okay=False), default=Path("story.json"), show_default=True,
              help="File for the story.")  # fmt: skip
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Also draw the story, into this file.")
def storm(*, days: int, number: int, story: Path, html: Path | None, **how: Any) -> None:
    """Run a storm; exit code 1 if a promise is broken."""
    from mock_alc.testing.storm import PromiseBroken

    try:
        with _storm(how) as weather, click.progressbar(length=days, label="days", file=sys.stderr) as bar:
            tally = weather.run(days, number, told=lambda: bar.update(1))
    except PromiseBroken as broken:
        _tell(broken.story, html)
        with _in_sentences():
            broken.story.save(story)
        click.echo(f"Saved as {story}. To play it again: mock-alc story play {story} --app …")
        raise SystemExit(1) from None
    click.echo(f"{tally.days} days, {tally.happenings} happenings, {tally.kills} kills: every promise was kept.")


@click.group(cls=Commands)
def story() -> None:
    """Show, play or test a story that a storm has saved."""


@story.command("show")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def show_story(file: Path) -> None:
    """Show the story in sentences."""
    click.echo(str(_load(file)))


@story.command("play")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@storm_options
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Draw what went over the wire.")
@click.option("--mermaid", is_flag=True, help="Print what went over the wire as a sequenceDiagram of Mermaid.")
def play_story(file: Path, *, html: Path | None, mermaid: bool, **how: Any) -> None:
    """Play the story again; exit code 1 if it still breaks its promise."""
    read = _load(file)
    named = (read.promise,) if read.promise else ()
    with _storm({**how, "promises": named}) as weather:
        again = weather.play(read.happenings, read.promise)
    if again is None:
        click.echo(f"{read.promise or 'Every promise'} was kept this time.")
        return
    _tell(again, html, mermaid)
    raise SystemExit(1)


@story.command("test")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def write_test(file: Path) -> None:
    """Write the story as a pytest test to standard output. The test needs your own fixture `storm`."""
    read = _load(file)
    told = "\n".join(f"    {line.strip()}" for line in str(read).splitlines())
    body = pformat(read.as_json(), width=100, sort_dicts=False)
    click.echo(TEST.format(promise=read.promise or "every_promise", told=told, story=body))


TEST = '''from mock_alc.testing.storm import Story

STORY = Story.from_json({story})


def test_{promise}_is_kept(storm):
    """On this day:

{told}
    """
    assert storm.play(STORY.happenings, STORY.promise) is None
'''


@contextmanager
def _storm(how: dict[str, Any]) -> Iterator[Any]:
    """Yield the storm over the app, which is tried out before. Raises: ClickException."""
    from mock_alc.testing.storm import PROMISES, Storm
    from mock_alc.testing.storm.http_app import HttpApp

    url, patience, promises = how.pop("url"), how.pop("patience"), how.pop("promises")
    if unknown := sorted(set(promises) - set(PROMISES)):
        raise click.UsageError(f"There is no promise {unknown[0]}. There are: {', '.join(PROMISES)}.")
    given = {name: value for name, value in how.items() if value is not None}

    def control(method: str, path: str, body: Any) -> Any:
        return call(url, method, f"/{path}", body)

    control("DELETE", "faults", None)
    app = HttpApp(given.pop("app"), **given)
    with _in_sentences(), app.running() as integration:
        _try_out(integration, control, url)
        yield Storm(control, promises=promises or tuple(PROMISES), patience=patience, **integration)


def _try_out(integration: dict[str, Any], control: Callable[..., Any], url: str) -> None:
    """Send a person and read the status, without any trouble. Raises: ClickException, AppUnusable, CallRefused."""
    from mock_alc.testing.storm.http_app import CallRefused

    def has_webhook() -> bool:
        return bool(control("GET", "state", None)["webhooks"].get("active"))

    if "connect" in integration and not has_webhook():
        integration["connect"]()
    if not has_webhook():
        raise click.ClickException(
            f"The app has no webhook at {url}. Make it register one when it starts, or give the call with --connect."
        )
    person = integration["person"]()
    try:
        integration["click"](person)
    except CallRefused as refused:
        raise click.ClickException(
            f"On a day without trouble, {refused} If the app must be connected first, give --connect. If it refuses "
            f"unknown people, give --person."
        ) from refused
    integration["status"](person)


@contextmanager
def _in_sentences() -> Iterator[None]:
    """Say what is wrong with the app or a file in a sentence. Raises: ClickException."""
    from mock_alc.testing.storm.connection import CannotBegin
    from mock_alc.testing.storm.http_app import AppUnusable, CallRefused

    try:
        yield
    except (AppUnusable, CallRefused, CannotBegin) as problem:
        raise click.ClickException(str(problem)) from problem
    except OSError as problem:
        raise click.ClickException(f"{problem.filename} cannot be written: {problem.strerror}.") from problem


def _tell(told: Any, html: Path | None, mermaid: bool = False) -> None:
    from mock_alc.testing.wire.mermaid import as_mermaid
    from mock_alc.testing.wire.page import as_page

    click.echo(as_mermaid(told.drawing) if mermaid else str(told))
    if html:
        with _in_sentences():
            html.write_text(as_page(told.drawing), encoding="utf-8")
        click.echo(f"Drawn in {html}.", err=mermaid)


def _load(file: Path) -> Any:
    from mock_alc.testing.storm.story import Story, StoryUnreadable

    try:
        return Story.load(file)
    except StoryUnreadable as error:
        raise click.ClickException(str(error)) from None
