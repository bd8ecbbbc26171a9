"""`mock-alc storm` and `mock-alc story`: hostile days for the app under test, and stories to play again."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from pprint import pformat
from typing import Any, TypeVar

import click

from mock_alc.commands.control_client import call, url_option

F = TypeVar("F", bound=Callable[..., Any])
STORM_HELP = """Invent hostile days for the app under test, until a promise breaks.

The app is connected to a running mock. Say how a person is sent, and how the status is read:

\b
  mock-alc serve --control
  mock-alc storm --app http://127.0.0.1:5000 --click "POST /send/{person}" --status "GET /status/{person}"

The shortest day that breaks a promise is told in sentences, and saved as one file.
"""
CALLS = (
    ("--click", "Sends a person, such as `POST /send/{person}`; {person} is a record id.", True),
    ("--status", "Returns the status that the CRM shows: Pending, Complete, Failed or nothing.", True),
    ("--status-field", "Where it is in a JSON answer, such as `data.status`. [default: status]", False),
    ("--person", "Makes a person, if the app does not take any record id.", False),
    ("--person-field", "Where the record id is in its answer. [default: id]", False),
    ("--connect", "Connects the app to the mock.", False),
    ("--disconnect", "Disconnects it.", False),
    ("--kill", "A command that kills the app.", False),
    ("--start", "A command that starts it again.", False),
)


def storm_options(command: F) -> F:
    """Add what says how the app is used."""
    options = [
        url_option,
        click.option("--app", required=True, help="Address of the app under test."),
        *(click.option(flag, help=words, required=required, default=None) for flag, words, required in CALLS),
        click.option("--promise", "promises", multiple=True, help="Judge this promise only; may be repeated."),
        click.option("--patience", type=float, default=2.0, show_default=True,
                     help="Seconds for what the app does later by itself."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command(help=STORM_HELP)
@storm_options
@click.option("--days", type=click.IntRange(1), default=100, show_default=True, help="How many days are invented.")
@click.option("--number", type=int, default=0, show_default=True, help="The same number invents the same days.")
@click.option("--story", type=click.Path(path_type=Path, dir_okay=False), default=Path("story.json"), show_default=True,
              help="Where the story is saved.")  # fmt: skip
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Draw it into this file, too.")
def storm(*, days: int, number: int, story: Path, html: Path | None, **how: Any) -> None:
    """Run a storm; exit code 1 if a promise is broken."""
    from mock_alc.testing.storm import PromiseBroken

    weather = _storm(how)
    try:
        with _in_sentences(), click.progressbar(length=days, label="days", file=sys.stderr) as bar:
            tally = weather.run(days, number, told=lambda: bar.update(1))
    except PromiseBroken as broken:
        _tell(broken.story, html)
        with _in_sentences():
            broken.story.save(story)
        click.echo(f"Saved as {story}. To play it again: mock-alc story play {story} --app …")
        raise SystemExit(1) from None
    click.echo(f"{tally.days} days, {tally.happenings} happenings, {tally.kills} kills: every promise was kept.")


@click.group()
def story() -> None:
    """Tell, play or test a story that a storm has saved."""


@story.command("show")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def show_story(file: Path) -> None:
    """Tell the story in sentences."""
    click.echo(str(_load(file)))


@story.command("play")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@storm_options
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Draw what went over the wire.")
@click.option("--mermaid", is_flag=True, help="Print what went over the wire as a sequenceDiagram of Mermaid.")
def play_story(file: Path, *, html: Path | None, mermaid: bool, **how: Any) -> None:
    """Play the story again; exit code 1 if it still breaks its promise."""
    read = _load(file)
    with _in_sentences():
        named = (read.promise,) if read.promise else ()
        again = _storm({**how, "promises": named}).play(read.happenings, read.promise)
    if again is None:
        click.echo(f"{read.promise or 'Every promise'} was kept this time.")
        return
    _tell(again, html, mermaid)
    raise SystemExit(1)


@story.command("test")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def write_test(file: Path) -> None:
    """Write the story as a test of pytest, to the standard output. It needs a fixture `storm` of yours."""
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


def _storm(how: dict[str, Any]) -> Any:
    """Return the storm over the app. Raises: ClickException."""
    from mock_alc.testing.storm import PROMISES, Storm
    from mock_alc.testing.storm.http_app import HttpApp

    url, patience, promises = how.pop("url"), how.pop("patience"), how.pop("promises")
    if unknown := sorted(set(promises) - set(PROMISES)):
        raise click.UsageError(f"There is no promise {unknown[0]}. There are: {', '.join(PROMISES)}.")
    given = {name: value for name, value in how.items() if value is not None}
    app = HttpApp(given.pop("app"), **given)
    with _in_sentences():
        app.check()

    def control(method: str, path: str, body: Any) -> Any:
        return call(url, method, f"/{path}", body)

    return Storm(control, promises=promises or tuple(PROMISES), patience=patience, **app.as_integration())


@contextmanager
def _in_sentences() -> Iterator[None]:
    """Say what is wrong with the app or a file in a sentence. Raises: ClickException."""
    from mock_alc.testing.storm.http_app import AppUnusable, CallRefused

    try:
        yield
    except (AppUnusable, CallRefused) as problem:
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
