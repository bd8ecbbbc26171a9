"""The README of the labs lists every lab, and its command and links lead to files."""

from __future__ import annotations

import re
from pathlib import Path

from alc_app import labs
from alc_app.labs.scenarios import SCENARIOS

LABS = Path(labs.__file__).parent
README = (LABS / "README.md").read_text()


def test_it_lists_the_labs_in_their_order() -> None:
    """Each with its number and its file."""
    listed = re.findall(r"^\| (\d) \|.*\| \[`(\w+)\.py`\]\(\2\.py\) \|$", README, re.MULTILINE)
    names = [scenario.lab.name.replace("-", "_") for scenario in SCENARIOS]
    assert listed == [(str(number), name) for number, name in enumerate(names, 1)]
    assert all((LABS / f"{name}.py").exists() for name in names)


def test_its_command_compares_one_of_the_pairs() -> None:
    """Both paths exist, from the root of the repository."""
    found = re.search(r"git diff --no-index (\S+) (\S+)", README)
    assert found
    assert all((LABS.parents[1] / path).exists() for path in found.groups())


def test_its_links_lead_to_files_and_it_is_short() -> None:
    """At most 350 words."""
    assert all((LABS / link).exists() for link in re.findall(r"\]\(([^)#]+)", README))
    assert len(re.sub(r"\]\([^)]+\)", "]", README).replace("|", " ").split()) <= 350
