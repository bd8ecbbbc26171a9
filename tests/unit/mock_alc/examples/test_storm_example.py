"""The page about storms, followed by a stranger: each story as printed, each fault mended."""

import re
import runpy
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import playwright
import pytest
from click.testing import CliRunner

from mock_alc.commands.cli import main
from mock_alc.server import MockAlc
from mock_alc.testing.alc import Alc
from mock_alc.testing.storm import PROMISES, PromiseBroken, Story
from mock_alc.testing.storm.happening import Happening
from tests.support.installation import Installation, copy_example, run_pytest
from tests.support.servers.stack import free_ports

MOCK_ALC = Path(__file__).parents[4] / "mock_alc"
EXAMPLE = MOCK_ALC / "examples/storm"
PAGE = (MOCK_ALC / "docs/storm.md").read_text()
STORIES = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
DIFFS = re.findall(r"```diff\n(.*?)```", PAGE, re.DOTALL)
LOSSY, MENDED = ((EXAMPLE / name).read_text() for name in ("lossy.py", "mended.py"))


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


@pytest.fixture
def play(mock_alc: Alc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Run the test of the page over an integration, in this process."""

    def play(integration: str) -> None:
        folder = copy_example(EXAMPLE, tmp_path / "project")
        (folder / "lossy.py").write_text(integration)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "lossy", raising=False)
        runpy.run_path(str(folder / "test_storm.py"))["test_it_survives_hostile_days"](mock_alc)
        sys.modules.pop("lossy")

    return play


def assert_only_its_own_day_is_drawn(output: str) -> None:
    """The failure shows the shortest day with what happened as notes, not all days, and no frames of ours."""
    drawn = output.partition("What went over the wire")[2]
    assert "Person 1 is sent" in drawn and "As HTML: file:" in drawn, output
    assert "are not shown" not in drawn, output
    assert "mock_alc/testing" not in output, output


@pytest.mark.xdist_group("installed")
def test_the_first_story_of_the_page_is_what_a_stranger_reads(installed: Installation, tmp_path: Path) -> None:
    """Who has installed the package and runs pytest."""
    ran = run_pytest(installed, copy_example(EXAMPLE, tmp_path / "project"), "-W", "error", "test_storm.py")

    told = re.search(r"^E +(0:00:.*?^E +Broken.*?)$", ran.stdout, re.DOTALL | re.MULTILINE)
    assert told, ran.stdout + ran.stderr
    assert [line.removeprefix("E").strip() for line in told[1].splitlines()] == STORIES[0].splitlines()
    assert_only_its_own_day_is_drawn(ran.stdout)


@pytest.mark.parametrize("number", [1, 2])
def test_the_other_stories_come_when_the_one_before_is_mended(play: Callable[[str], None], number: int) -> None:
    """Word for word, and with the same times."""
    with pytest.raises(PromiseBroken) as told:
        play(stages()[number])

    assert [line.strip() for line in str(told.value.story).splitlines()] == STORIES[number].splitlines()


def test_the_mended_integration_keeps_every_promise(play: Callable[[str], None]) -> None:
    """On the same days. It is what the page's diffs make."""
    play(MENDED)

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


@pytest.mark.xdist_group("installed")
def test_the_commands_of_the_page_find_it_too(installed: Installation, tmp_path: Path) -> None:
    """In processes of their own, as for an integration in any language."""
    [port] = free_ports(1)
    number = re.findall(r"--number \d+", PAGE)
    with MockAlc() as alc:
        started = f"ALC_URL={alc.url} PORT={port} exec {installed.folder}/bin/python serve.py lossy"
        ran = installed.run(
            "mock-alc", "storm", "--url", alc.url, "--app", f"http://127.0.0.1:{port}", "--run", started,
            "--click", "POST /send/{person}", "--status", "GET /status/{person}", *number[0].split(),
            cwd=copy_example(EXAMPLE, tmp_path / "project"),
        )  # fmt: skip

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert [line.strip() for line in ran.stdout.splitlines()[:-1]] == STORIES[0].splitlines()


def test_the_integration_in_node_breaks_its_promise_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the options of the page. The Node is the one of Playwright."""
    node, [port] = Path(playwright.__file__).parent / "driver/node", free_ports(1)
    monkeypatch.chdir(copy_example(EXAMPLE, tmp_path / "project"))
    Story("listens", "", (Happening("kill", 1, "in_connect"),), (0,)).save(Path("story.json"))
    command = re.search(r"mock-alc storm( --app \S+ --run \"node.*?)```", PAGE, re.DOTALL)
    assert command
    options = command[1].replace("\\\n", "").replace("http://127.0.0.1:5000", f"http://127.0.0.1:{port}")
    with MockAlc() as alc:
        started = options.replace("node app.mjs", f"ALC_URL={alc.url} PORT={port} exec {node} app.mjs")
        ran = CliRunner().invoke(main, ["story", "play", "story.json", "--url", alc.url, *shlex.split(started)])

    assert [line.strip() for line in ran.output.splitlines()] == STORIES[3].splitlines()
