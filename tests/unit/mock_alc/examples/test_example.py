"""The example, run from a folder outside the repository, in an installation of the wheel with its extra `pytest`."""

import re
from pathlib import Path

import pytest

from mock_alc.scenarios import RECEIVER_STORIES, SCENARIOS
from tests.support.installation import Installation, copy_example, run_pytest

MOCK_ALC = Path(__file__).parents[4] / "mock_alc"
EXAMPLE = MOCK_ALC / "examples/receiver"
README = (MOCK_ALC / "README.md").read_text()
pytestmark = pytest.mark.xdist_group("installed")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the example."""
    return copy_example(EXAMPLE, tmp_path / "project")


def test_the_example_passes_its_tests_in_an_empty_folder(installed: Installation, project: Path) -> None:
    """The plugin is found by its entry point, in each process of pytest-xdist; warnings are errors."""
    ran = run_pytest(installed, project, "-W", "error", "-n", "1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "28 passed" in ran.stdout


MISTAKES = """
def test_in_process(alc_responses):
    pass


def test_on_a_port(mock_alc):
    mock_alc.send_lead()


def test_a_slip(mock_alc):
    mock_alc.register_webhook("127.0.0.1:5000/hook", secret="abc")


def test_nothing_came(mock_alc):
    mock_alc.delivered(record_id="ada")


def test_bad_marks(mock_alc):
    def careless(environ, start_response):
        start_response("200 OK", [])
        return [b""]

    report = mock_alc.grade(mock_alc.serve(careless) + "/hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert report.full_marks, str(report)
"""


@pytest.fixture(scope="module")
def failed(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest prints of MISTAKES where the extra `pytest` is not installed."""
    project = tmp_path_factory.mktemp("project")
    (project / "conftest.py").write_text("import sys\n\nsys.modules['responses'] = None\n")
    (project / "test_receiver.py").write_text(MISTAKES)
    ran = run_pytest(installed, project)
    assert "3 failed, 1 passed, 1 error" in ran.stdout, ran.stdout + ran.stderr
    return ran.stdout


def test_alc_responses_names_what_it_needs_when_that_is_not_installed(failed: str) -> None:
    """Without the extra `pytest`, the other fixtures still work."""
    assert "ERROR test_receiver.py::test_in_process" in failed
    assert 'pip install "acme-lead-checker[pytest]"' in failed


def test_a_failure_shows_the_line_of_the_test_and_what_was_wrong_in_sentences(failed: str) -> None:
    """No frames of mock_alc, no JSON, and the whole report of a grading."""
    failures = failed.partition("= FAILURES =")[2]
    assert "url: A webhook URL must be absolute, such as https://example.com/hook. secret: A signing" in failures
    assert "There was no delivery. No webhook is active: register one" in failures
    assert "Anyone who knows the address could have sent it." in failures
    assert "mock_alc/testing" not in failures and '{"error"' not in failures


def test_the_receiver_is_about_thirty_lines() -> None:
    """Short enough to be read in a minute."""
    for name in ("receiver.py", "attio_receiver.py"):
        code = [line for line in (EXAMPLE / name).read_text().splitlines() if line.strip()]
        assert len(code) <= 40


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_readme_shows_what_is_run(block: str) -> None:
    """Every block of code in it is part of a file that the tests above run."""
    files = [file.read_text() for file in EXAMPLE.glob("*.py")]
    assert any(block.strip() in text for text in files), block


def test_the_readme_counts_the_stories() -> None:
    """The README says thirty-two, twenty of them for a receiver alone; the example plays these."""
    assert (len(SCENARIOS), len(RECEIVER_STORIES)) == (32, 20)
    assert "thirty-two scenarios" in README
    assert "Twenty of them" in README


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_link_of_the_readme_leads_somewhere(link: str) -> None:
    """Inside the package, so that it works in an installation too."""
    assert (MOCK_ALC / link).exists()
