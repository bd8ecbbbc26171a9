"""The example, run from a folder outside the repository, in an installation of the wheel with its extra `pytest`."""

import re
from pathlib import Path

import pytest

from tests.support.installation import Installation, copy_example, run_pytest

MOCK_ATTIO = Path(__file__).parents[4] / "alc_app/mock_attio"
EXAMPLE = MOCK_ATTIO / "examples/greeter"
README = (MOCK_ATTIO / "README.md").read_text()
pytestmark = pytest.mark.xdist_group("installed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the example."""
    return copy_example(EXAMPLE, tmp_path / "project")


OTHERS = """
import asyncio
from datetime import UTC, datetime

import pytest
import requests
import time_machine
from freezegun import freeze_time
from greeter import Greeter


@pytest.fixture
def greeter(mock_attio):
    greeter = Greeter(mock_attio.url, mock_attio.token())
    greeter.connect(mock_attio.serve(greeter.app) + "/attio/events")
    return greeter


def check(mock_attio):
    mock_attio.fail_next("record.created", "lost", times=2)
    people = [mock_attio.person(name) for name in ("Ada Lovelace", "Charles Babbage", "Mary Somerville")]
    mock_attio.wait_until_idle()
    assert len(mock_attio.delivered("record.created")) == 3
    for person in people:
        assert mock_attio.record(person)["values"]["description"]


@freeze_time("2031-01-01")
def test_freezegun_around_a_test(mock_attio, greeter):
    check(mock_attio)


def test_freezegun_within_a_test(mock_attio, greeter):
    with freeze_time("2031-01-01"):
        check(mock_attio)
    mock_attio.person("Grace Hopper")
    mock_attio.wait_until_idle()


@pytest.mark.parametrize("tick", [True, False])
def test_time_machine(mock_attio, greeter, tick):
    with time_machine.travel(datetime(2031, 1, 1, tzinfo=UTC), tick=tick):
        check(mock_attio)


@pytest.mark.asyncio
async def test_pytest_asyncio(mock_attio, greeter):
    ask = lambda: requests.get(f"{mock_attio.url}/v2/self", timeout=10).status_code
    answers = await asyncio.gather(*(asyncio.to_thread(ask) for _ in range(8)))
    assert answers == [400] * 8
    check(mock_attio)
"""


def test_the_example_and_tests_with_other_plugins_pass_in_an_empty_folder(
    installed: Installation, project: Path
) -> None:
    """The plugin is found by its entry point, in each process of pytest-xdist, and warnings are errors.

    Others may freeze time and run coroutines: the clock of the stand-in goes on by itself, and what calls webhooks
    measures its patience in real seconds.
    """
    (project / "test_others.py").write_text(OTHERS)
    ran = run_pytest(installed, project, "-W", "error", "-n", "1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "19 passed" in ran.stdout


MISTAKES = """
def test_nothing_was_sent(mock_attio):
    mock_attio.received("PATCH", "/v2/objects/people/records/1")


def test_a_slip(mock_attio):
    mock_attio.person(job_titel="Countess")


def test_a_fault_that_never_applies(mock_attio):
    mock_attio.fail_next("PATCH /v2/people/*", status=500)
"""


def test_a_failure_shows_the_line_of_the_test_and_what_was_wrong_in_sentences(
    installed: Installation, project: Path
) -> None:
    """No frames of the stand-in, and no JSON."""
    (project / "test_greeter.py").write_text(MISTAKES)
    ran = run_pytest(installed, project)
    assert "3 failed" in ran.stdout, ran.stdout + ran.stderr
    assert "There was no request." in ran.stdout
    assert 'Cannot find attribute with slug/ID "job_titel"' in ran.stdout
    assert "There is no route PATCH /v2/people/*." in ran.stdout
    assert "mock_attio/testing" not in ran.stdout and '{"status_code"' not in ran.stdout


def test_the_fixtures_name_what_they_need_when_that_is_not_installed(installed: Installation, project: Path) -> None:
    """Without the extra `pytest`."""
    (project / "conftest.py").write_text("import sys\n\nsys.modules['waitress'] = None\n")
    (project / "test_greeter.py").write_text("def test_on_a_port(mock_attio):\n    pass\n")
    ran = run_pytest(installed, project)
    assert "1 error" in ran.stdout, ran.stdout + ran.stderr
    assert 'pip install "acme-lead-checker[pytest]"' in ran.stdout


@pytest.mark.parametrize("module", ["alc_app.mock_attio.testing", "mock_alc.testing.alc"])
def test_a_type_checker_reads_our_types(installed: Installation, module: str) -> None:
    """PEP 561: without the marker, `mypy --strict` skips the package and complains about each import."""
    package = module.partition(".")[0]
    ran = installed.run("python", "-c", f"import {package} as it; print(it.__path__[0])")
    assert (Path(ran.stdout.strip()) / "py.typed").exists(), ran.stdout + ran.stderr


def test_the_integration_is_about_forty_lines() -> None:
    """Short enough to be read in a minute."""
    code = [line for line in (EXAMPLE / "greeter.py").read_text().splitlines() if line.strip()]
    assert len(code) <= 50


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_readme_shows_what_is_run(block: str) -> None:
    """Every block of code in it is part of a file that the tests above run."""
    files = [file.read_text() for file in EXAMPLE.glob("*.py")]
    assert any(block.strip() in text for text in files), block
