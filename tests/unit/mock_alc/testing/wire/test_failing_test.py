"""A failing test ends with what went over the wire: runs of pytest with tests that fail."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mock_alc.testing.alc import Alc
from mock_alc.testing.wire.failing_test import draw

README = (Path(__file__).parents[5] / "mock_alc/README.md").read_text()
SECTION = "What went over the wire"
RECEIVER = """
import pytest
import requests
from flask import Flask


@pytest.fixture
def hook(mock_alc):
    app = Flask(__name__)
    app.post("/hook")(lambda: "")
    url = mock_alc.serve(app) + "/hook"
    mock_alc.register_webhook(url)
    return url
"""
FORGED = """

def test_a_forged_verdict_is_refused(mock_alc, hook):
    mock_alc.fail_next("lead.processed", "tampered_body")
    mock_alc.decide(mock_alc.send_lead(recordId="ada"))
    [delivery] = mock_alc.deliveries()
    assert delivery["state"] != "delivered"
"""
OTHERS = """

def test_passes(mock_alc, hook):
    mock_alc.send_lead()


def test_in_process(alc_responses):
    alc_responses.send_lead(recordId="bea")
    assert False


def test_two_mocks(mock_alc_factory):
    mock_alc_factory().send_lead(recordId="cy")
    mock_alc_factory().send_lead(recordId="di")
    assert False


def test_nothing_came(mock_alc):
    assert False


@pytest.fixture
def broken(mock_alc):
    mock_alc.send_lead(recordId="eve")
    raise LookupError("the fixture's own failure")


def test_whose_fixture_fails(broken):
    pass


def test_that_cannot_be_drawn(mock_alc_factory):
    mock_alc_factory().control = None
    assert "this test's" == "own failure"


def test_attio(mock_alc, mock_attio):
    requests.patch(f"{mock_attio.url}/v2/objects/people/records/1", json={"data": {"values": {}}}, timeout=10)
    mock_alc.send_lead(recordId="flo")
    assert False


def test_without_a_mock():
    assert False
"""


FAILING = {
    "test_a_forged_verdict_is_refused", "test_in_process", "test_two_mocks", "test_nothing_came",
    "test_whose_fixture_fails", "test_that_cannot_be_drawn", "test_attio",
}  # fmt: skip
pytestmark = pytest.mark.xdist_group("failing")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tests that fail. Plugins that have nothing to do with us would take half of the time."""
    folder = tmp_path_factory.mktemp("project")
    without = ("cacheprovider", "hypothesispytest", "playwright", "schemathesis")
    (folder / "pytest.ini").write_text(f"[pytest]\naddopts = {' '.join(f'-p no:{name}' for name in without)}\n")
    (folder / "test_app.py").write_text(RECEIVER + FORGED + OTHERS)
    return folder


@pytest.fixture(scope="module")
def output(project: Path) -> str:
    """What pytest prints of all of them; the HTML files are in the folder `wire`."""
    return run(project, "--mock-alc-wire", "wire")


def run(project: Path, *arguments: str) -> str:
    """Run pytest there and return what it prints."""
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own code


def sections(output: str) -> dict[str, str]:
    """Return the text of the section of each failing test that has one."""
    reports = re.split(r"^_{3,} (?:ERROR at setup of )?(\w+) _{3,}$", output, flags=re.MULTILINE)
    found = dict(zip(reports[1::2], reports[2::2], strict=True))
    cut = {name: re.split(rf"^-+ {SECTION} -+$", text, flags=re.MULTILINE) for name, text in found.items()}
    return {name: parts[1] for name, parts in cut.items() if len(parts) > 1}


def test_the_readme_shows_what_a_failing_test_prints(output: str) -> None:
    """The example is real: only times, ids and the folder differ."""
    [shown] = re.findall(rf"```text\n-+ {SECTION} -+\n(.*?)```", README, re.DOTALL)
    printed = sections(output)["test_a_forged_verdict_is_refused"]
    assert _without_what_varies(printed) == _without_what_varies(shown)


def _without_what_varies(text: str) -> str:
    for pattern, fixed in ((r"\d\d:\d\d:\d\d", "12:00:00"), (r"lead_\w+…", "lead_0…"), (r"file://\S+/wire/", "")):
        text = re.sub(pattern, fixed, text)
    return text.strip()


def test_each_test_that_fails_shows_its_own_mocks(output: str) -> None:
    """Those in process and those of the factory too, and when another fixture fails; other tests show nothing."""
    found = sections(output)
    assert "7 failed, 1 passed, 1 error" in output, output
    assert set(found) == FAILING
    assert "record bea" in found["test_in_process"]
    assert "record cy" in found["test_two_mocks"] and "record di" in found["test_two_mocks"]
    assert "your app → Attio  PATCH /v2/objects/people/records/1" in found["test_attio"]
    assert "Attio refused PATCH /v2/objects/people/records/1" in found["test_attio"]
    assert "ALC refused" not in found["test_attio"] and "openapi.yaml" not in found["test_attio"]
    assert "record flo" in found["test_attio"]
    assert "The mock received no request" in found["test_nothing_came"]
    assert "record eve" in found["test_whose_fixture_fails"] and "the fixture's own failure" in output


def test_it_works_with_pytest_xdist(project: Path) -> None:
    """The text comes with the report of the worker; the HTML file is in pytest's temporary folder."""
    found = sections(run(project, "-n", "1", "-k", "in_process or passes or fixture_fails"))
    assert set(found) == {"test_in_process", "test_whose_fixture_fails"}
    [url] = re.findall(r"^As HTML: file://(\S+)", found["test_in_process"], re.MULTILINE)
    assert "record bea" in Path(url).read_text()


def test_an_error_while_drawing_is_one_line_beside_the_tests_own_failure(output: str) -> None:
    """The failure itself is never hidden."""
    assert "assert \"this test's\" == 'own failure'" in output
    assert (
        sections(output)["test_that_cannot_be_drawn"]
        .strip()
        .splitlines()[0]
        .startswith("The requests could not be drawn: ")
    )


def test_the_html_files_are_in_the_folder_that_was_named(output: str, project: Path) -> None:
    """One for each mock that saw something; a test that passes leaves none."""
    names = {path.name.removeprefix("test_app.py-").removesuffix(".html") for path in (project / "wire").iterdir()}
    drawn = FAILING - {"test_nothing_came", "test_that_cannot_be_drawn"}
    assert names == {*drawn, "test_two_mocks-2", "test_attio-2"}
    file = project / "wire/test_app.py-test_a_forged_verdict_is_refused.html"
    assert "The receiver accepted it (200)" in file.read_text()
    assert file.as_uri() in output


def test_a_folder_that_cannot_be_written_does_not_hide_the_text(mock_alc: Alc, tmp_path: Path) -> None:
    """The reason is beside it."""
    (tmp_path / "file").write_text("")
    mock_alc.send_lead(recordId="ada")
    text = draw("test_app.py::test_x", [mock_alc], lambda: tmp_path / "file")
    assert "record ada" in text
    assert "The HTML file could not be written: " in text
