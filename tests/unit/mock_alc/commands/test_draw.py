"""`mock-alc draw`, beside a running mock."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mock_alc.commands.cli import main
from mock_alc.server import MockAlc
from mock_alc.testing.alc import Alc
from tests.unit.mock_alc.support import Receiver


@pytest.fixture
def running(receiver: Receiver) -> Iterator[MockAlc]:
    """A mock whose receiver has refused a verdict."""
    with MockAlc() as mock:
        receiver.answer(401)
        alc = Alc(mock.app)
        alc.register_webhook(receiver.url())
        alc.decide(alc.send_lead(recordId="ada"))
        yield mock


def draw(running: MockAlc, *arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["draw", *arguments, "--url", running.url])


def test_it_prints_the_exchanges_and_marks_the_difference(running: MockAlc) -> None:
    """As text."""
    found = draw(running)
    assert found.exit_code == 0, found.output
    assert "Look at number 3: ALC sent lead.processed, with a correct signature." in found.output
    assert "record ada" in found.output and "→ 401" in found.output


def test_it_prints_mermaid(running: MockAlc) -> None:
    """For a document."""
    assert draw(running, "--mermaid").output.startswith("sequenceDiagram\n    participant P1 as test\n")


def test_it_writes_a_page(running: MockAlc, tmp_path: Path) -> None:
    """And says where; a file that cannot be written is refused with a sentence."""
    file = tmp_path / "wire.html"
    assert draw(running, "--html", str(file)).output == f"Written to {file}\n"
    assert "lead.processed" in file.read_text()
    refused = draw(running, "--html", str(tmp_path / "nowhere" / "wire.html"))
    assert (refused.exit_code, "cannot be written: No such file" in refused.output) == (1, True)


def test_a_mock_without_exchanges_says_so() -> None:
    """Not with an empty screen."""
    with MockAlc() as mock:
        assert draw(mock).output == "The mock has received no requests and sent no deliveries yet.\n"
