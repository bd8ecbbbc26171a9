"""Compare, report, and remember when it was last done at a real workspace."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from alc_app import mock_attio
from alc_app.attio.host.errors import FetchError
from alc_app.cli.compare_attio.calls import CALLS, Call
from alc_app.cli.compare_attio.differences import differences
from alc_app.cli.compare_attio.player import Answer, Player, pick
from alc_app.cli.output import harmless
from alc_app.config.settings import REAL_ATTIO, Config
from alc_app.mock_attio.server import MockAttioServer
from alc_app.mock_attio.store.config import MockAttioConfig

COMPARED = Path(mock_attio.__file__).with_name("compared.json")
"""The last comparison with a real workspace; there is none until somebody has made one and kept it."""
NEVER = (
    "The stand-in was never compared with a real workspace. If you have one, set ATTIO_API_TOKEN, run alc-app "
    "compare-attio --save, and commit the file that it names."
)
NOT_COMPARED = 2
"""The exit code if there is nothing to report, whatever the reason: 1 would say that there are differences."""
Say = Callable[[str], None]


class CannotCompare(Exception):
    """Nothing could be compared. The message says why and what to do."""


@dataclass(frozen=True)
class Comparison:
    """What one run has found."""

    at: str
    origin: str
    calls: int
    skipped: list[str]
    """Calls that the token of the workspace may not make."""
    different: dict[str, list[str]]
    """The differences, by the title of the call."""
    left: list[str]
    """What could not be deleted in the workspace."""

    @property
    def is_real(self) -> bool:
        """Whether this was Attio itself, and no other server."""
        return self.origin == REAL_ATTIO


def run(config: Config, *, yes: bool, save_it: bool, as_json: bool) -> int:
    """Do what the command does, and return its exit code."""
    if not config.uses_real_attio:
        answers = play_at_stand_in()
        click.echo(
            f"The stand-in has answered {len(answers)} calls. Set ATTIO_API_TOKEN to compare it with a real workspace."
        )
        click.echo(last_time())
        return NOT_COMPARED
    where = f"This creates a person, a note, a task and a webhook in the token's workspace at {config.attio_origin},"
    if not (yes or _confirmed(f"{where} and deletes them again. Continue?")):
        return NOT_COMPARED
    try:
        found = compare(config, lambda call: click.echo(f"  {call.title}", err=True))
        kept = save(found) if save_it else None
    except CannotCompare as error:
        click.echo(f"Error: {error}", err=True)
        return NOT_COMPARED
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        report(found, lambda line: click.echo(harmless(line)))
        click.echo(f"Saved in {kept}. Please commit it." if kept else last_time())
    return 1 if found.different else 0


def _confirmed(question: str) -> bool:
    """Return whether somebody has said yes; an end of the input is a no."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        return False


def compare(config: Config, tell: Callable[[Call], None]) -> Comparison:
    """Play the script at the workspace of the token and at a stand-in of its own. Raises: CannotCompare."""
    real, left = _play_and_clean_up(Player(config.attio_origin, config.attio_api_token.get_secret_value()), tell)
    stand_in = play_at_stand_in()
    skipped = [call.title for call, answer in zip(CALLS, real, strict=True) if answer.status == 403]
    found = {
        call.title: lines
        for call, ours, theirs in zip(CALLS, real, stand_in, strict=True)
        if call.title not in skipped and (lines := differences(call, ours, theirs))
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Comparison(now, config.attio_origin, len(CALLS) - len(skipped), skipped, found, left)


def play_at_stand_in() -> list[Answer]:
    """Play the script at a stand-in that runs as long as this takes."""
    empty = MockAttioConfig("sqlite://", secrets.token_hex(16), writes_per_second=0, reads_per_second=0, seeded=False)
    with MockAttioServer(empty) as server:
        return _play_and_clean_up(Player(server.url, empty.token), lambda _call: None)[0]


def save(comparison: Comparison) -> Path:
    """Keep a comparison with Attio itself beside the stand-in. Raises: CannotCompare."""
    if not comparison.is_real:
        raise CannotCompare(f"Only a comparison with {REAL_ATTIO} is saved. This one was with {comparison.origin}.")
    COMPARED.write_text(json.dumps(asdict(comparison), indent=2) + "\n", encoding="utf-8")
    return COMPARED


def last_time() -> str:
    """Say when the stand-in was last compared with a real workspace, and with what result."""
    if not COMPARED.exists():
        return NEVER
    kept: dict[str, Any] = json.loads(COMPARED.read_text(encoding="utf-8"))
    return f"Last compared with a real workspace at {kept['at']}: {_count(len(kept['different']), kept['calls'])}."


def report(comparison: Comparison, say: Say) -> None:
    """Say what was found, call by call."""
    for title, lines in comparison.different.items():
        say(f"✗ {title}")
        for line in lines:
            say(f"    {line}")
    for title in comparison.skipped:
        say(f"- {title}: the token has no permission (403).")
    say(f"{_count(len(comparison.different), comparison.calls)}.")
    if comparison.left:
        say(f"These could not be deleted at {comparison.origin}. Please delete them: {', '.join(comparison.left)}")


def _count(different: int, calls: int) -> str:
    return f"{different} of {calls} calls get different answers"


def _play_and_clean_up(player: Player, tell: Callable[[Call], None]) -> tuple[list[Answer], list[str]]:
    try:
        [identity] = player.play(CALLS[:1], tell)
        if not next(pick(identity.body, ("active",)), False):
            raise CannotCompare(f"{player.url} does not accept this token. Check ATTIO_API_TOKEN.")
        answers = [identity, *player.play(CALLS[1:], tell)]
    except BaseException as error:  # Ctrl-C too
        player.clean_up()
        if isinstance(error, FetchError):
            raise CannotCompare(f"Can't reach {player.url}: {error}") from error
        raise
    return answers, player.clean_up()
