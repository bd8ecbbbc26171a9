"""The commands that run a process, when it cannot start."""

from __future__ import annotations

import socket
from pathlib import Path

from click.testing import CliRunner

from alc_app.cli.commands import main


def test_the_stand_in_says_in_one_sentence_that_its_port_is_taken(tmp_path: Path) -> None:
    """No traceback, and no database file in the home."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["mock-attio", "--mock-attio-port", port, "--home", str(tmp_path)])

    assert result.exit_code == 1
    assert result.output == f"Error: The Attio stand-in cannot listen on port {port}: Address already in use.\n"
    assert not list(tmp_path.glob("*.db"))
