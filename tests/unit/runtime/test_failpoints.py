"""Failpoints: inert until armed, and what they can be armed with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from alc_app.config.settings import Config
from alc_app.runtime.failpoints import FailpointReached, arm, failpoint, obey
from tests.support.sign_in import SIGN_IN


@pytest.fixture(autouse=True)
def disarm() -> Iterator[None]:
    """Leave nothing armed."""
    yield
    arm("")
    obey(None)


def test_a_place_that_is_not_armed_does_nothing() -> None:
    """The usual case, in production always."""
    arm("elsewhere:raise")
    failpoint("here")


def test_an_armed_place_stumbles() -> None:
    """`raise`: like any unexpected error."""
    arm("elsewhere:sleep=0.0, here:raise")
    failpoint("elsewhere")
    with pytest.raises(FailpointReached, match="here"):
        failpoint("here")


def test_an_armed_place_kills_the_process_at_once() -> None:
    """`kill`: like a power cut, no handler runs."""
    program = "from alc_app.runtime.failpoints import *; arm('here:kill'); failpoint('here'); print('alive')"
    died = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert (died.returncode, died.stdout) == (-9, "")


def test_a_file_kills_one_process_that_comes_to_its_place_and_spares_the_one_that_it_names(tmp_path: Path) -> None:
    """Break it, lab 8: the first worker dies, the next one finds no file."""
    order = tmp_path / "kill-once"
    program = (
        "import os, sys; from pathlib import Path; from alc_app.runtime.failpoints import *; order = Path(sys.argv[1]);"
        "obey(order); failpoint('elsewhere'); order.write_text(f'here {os.getpid()}'); failpoint('here');"
        "order.write_text('here 0'); failpoint('elsewhere'); failpoint('here'); print('alive')"
    )
    died = subprocess.run([sys.executable, "-c", program, str(order)], capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert (died.returncode, died.stdout) == (-9, "")
    assert not order.exists()
    obey(order)
    failpoint("here")


@pytest.mark.parametrize("spec", ["here", "here:", "here:explode", "here:sleep", "here:sleep=x"])
def test_what_cannot_be_armed_is_refused(spec: str) -> None:
    """A misspelt failpoint would be a test that cannot fail."""
    with pytest.raises(ValueError, match="Write name:kill"):
        arm(spec)


def test_failpoints_are_refused_in_production() -> None:
    """Production refuses settings that weaken anything."""
    secure = {"url": "https://app.test", "alc_url": "https://alc.test", "env": "production", **SIGN_IN}
    secure |= {"alc_client_secret": "secret", "attio_api_token": "token"}
    Config.from_env(**secure)
    with pytest.raises(ValidationError, match="ALC_FAILPOINTS"):
        Config.from_env(**secure, failpoints="here:kill")
