"""The page about storms, followed by a stranger: each story as printed, each fault mended, in an installation."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from mock_alc.testing.storm import PROMISES
from tests.support.installation import Installation, copy_example, run_pytest
from tests.support.servers.stack import free_ports
from tests.support.waiting import eventually

MOCK_ALC = Path(__file__).parents[4] / "mock_alc"
EXAMPLE = MOCK_ALC / "examples/storm"
PAGE = (MOCK_ALC / "docs/storm.md").read_text()
STORIES = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
DIFFS = re.findall(r"```diff\n(.*?)```", PAGE, re.DOTALL)
LOSSY, MENDED = ((EXAMPLE / name).read_text() for name in ("lossy.py", "mended.py"))
pytestmark = pytest.mark.xdist_group("installed")


def apply(diff: str, text: str) -> str:
    """Apply a diff of the page. Its parts are divided by lines of @@."""
    for part in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = part.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def stages() -> list[str]:
    """The integration at first, and after each diff of the page."""
    texts = [LOSSY]
    for diff in DIFFS:
        texts.append(apply(diff, texts[-1]))
    return texts


def storm(installed: Installation, folder: Path, integration: str) -> subprocess.CompletedProcess[str]:
    """Run the storm of the page over it."""
    copy_example(EXAMPLE, folder)
    (folder / "lossy.py").write_text(integration)
    return run_pytest(installed, folder, "-W", "error", "test_storm.py")


def assert_only_its_own_day_is_drawn(output: str) -> None:
    """The failure shows the shortest day with what happened as notes, not all days, and no frames of ours."""
    drawn = output.partition("What went over the wire")[2]
    assert "Person 1 is sent" in drawn and "As HTML: file:" in drawn, output
    assert "are not shown" not in drawn, output
    assert "mock_alc/testing" not in output, output


@pytest.mark.parametrize("number", range(3))
def test_each_story_of_the_page_is_what_a_stranger_reads(installed: Installation, tmp_path: Path, number: int) -> None:
    """One after the other, each when the one before is mended. The clock may show a second more on a slow machine."""
    ran = storm(installed, tmp_path / "project", stages()[number])

    told = re.search(r"^E +(0:00:.*?^E +Broken.*?)$", ran.stdout, re.DOTALL | re.MULTILINE)
    assert told, ran.stdout + ran.stderr
    lines = [re.sub(r"^(E +)?\d:\d\d:\d\d", "0:00:00", line) for line in told[1].splitlines()]
    assert [line.removeprefix("E").strip() for line in lines] == STORIES[number].splitlines()
    assert_only_its_own_day_is_drawn(ran.stdout)


def test_the_mended_integration_keeps_every_promise(installed: Installation, tmp_path: Path) -> None:
    """On the same days. It is what the page's diffs make."""
    ran = storm(installed, tmp_path / "project", MENDED)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert MENDED.partition("\n")[2] == stages()[-1].partition("\n")[2]


def test_every_promise_has_its_row() -> None:
    """And no row names one that is not there."""
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.partition("| promise | says |")[2].partition("\n\n")[0], re.M)
    assert dict(rows) == {promise.name: promise.says for promise in PROMISES.values()}


def test_the_integration_that_loses_data_is_about_forty_lines() -> None:
    """Short enough to be read in a minute."""
    assert len(LOSSY.splitlines()) <= 45


def test_the_page_shows_what_is_run() -> None:
    """Its test is a part of the example's."""
    block = re.search(r"```python\n(def test_.*?)```", PAGE, re.DOTALL)
    assert block and block[1] in (EXAMPLE / "test_storm.py").read_text()


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", PAGE))
def test_every_link_of_the_page_leads_somewhere(link: str) -> None:
    """Inside the package, so that it works in an installation too."""
    assert (MOCK_ALC / "docs" / link).exists()


@contextmanager
def running(installed: Installation, folder: Path, url: str, *command: str, **settings: str) -> Iterator[None]:
    """Run a command of the installation until the block ends; it answers at `url` when the block begins."""
    process = subprocess.Popen(  # noqa: S603 - our own example
        [str(installed.folder / "bin" / command[0]), *command[1:]], cwd=folder, env={**os.environ, **settings},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        eventually(lambda: answers(url))
        yield
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    """Tell whether somebody answers there."""
    with suppress(requests.ConnectionError):
        return bool(requests.get(url, timeout=5))
    return False


def test_the_commands_of_the_page_find_it_too(installed: Installation, tmp_path: Path) -> None:
    """In three processes, as for an integration in any language."""
    folder = copy_example(EXAMPLE, tmp_path / "project")
    alc, app = (f"http://127.0.0.1:{port}" for port in free_ports(2))
    port = app.rpartition(":")[2]
    calls = ("--click", "POST /send/{person}", "--status", "GET /status/{person}")

    with (
        running(
            installed, folder, f"{alc}/openapi.json", "mock-alc", "serve", "--control", "--port", alc.rpartition(":")[2]
        ),
        running(installed, folder, f"{app}/status/1", "python", "serve.py", "lossy", ALC_URL=alc, PORT=port),
    ):
        ran = installed.run("mock-alc", "storm", "--url", alc, "--app", app, *calls, "--number", "8", cwd=folder)

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert ran.stdout.lstrip().startswith(STORIES[0].strip()), ran.stdout
