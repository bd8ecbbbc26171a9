"""The README of the labs lists every lab, and the tutorial's files beside ours with their numbers of lines."""

from __future__ import annotations

import re
from pathlib import Path

from alc_app import labs
from alc_app.labs import naive
from alc_app.labs.scenarios import SCENARIOS

LABS = Path(labs.__file__).parent
APP = LABS.parent
README = (LABS / "README.md").read_text()


def test_it_lists_the_labs_in_their_order() -> None:
    """Each with its number and its file."""
    listed = re.findall(r"^\| (\d) \|.*\| \[`(\w+)\.py`\]\(\2\.py\) \|$", README, re.MULTILINE)
    names = [scenario.lab.name.replace("-", "_") for scenario in SCENARIOS]
    assert listed == [(str(number), name) for number, name in enumerate(names, 1)]
    assert all((LABS / f"{name}.py").exists() for name in names)


def test_it_lists_each_pair_of_files_with_their_lines() -> None:
    """Every file of naive that has a file of the same name in the app. If this fails, write the expected numbers."""
    folder = Path(naive.__file__).parent
    pairs = [path.relative_to(folder) for path in folder.rglob("*.py") if not path.name.startswith("__")]
    expected = {str(pair): (_lines(folder / pair), _lines(APP / pair)) for pair in pairs if (APP / pair).exists()}
    rows = re.findall(r"^\| `([\w/]+\.py)` \| (\d+) \| (\d+) \|$", README, re.MULTILINE)

    assert {name: (int(tutorial), int(ours)) for name, tutorial, ours in rows} == expected


def test_its_command_compares_one_of_the_pairs() -> None:
    """Both paths exist, from the root of the repository."""
    found = re.search(r"git diff --no-index (\S+) (\S+)", README)
    assert found
    assert all((APP.parent / path).exists() for path in found.groups())


def test_its_links_lead_to_files_and_it_is_short() -> None:
    """At most 300 words."""
    assert all((LABS / link).exists() for link in re.findall(r"\]\(([^)]+)\)", README))
    assert len(re.sub(r"\]\([^)]+\)", "]", README).replace("|", " ").split()) <= 300


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())
