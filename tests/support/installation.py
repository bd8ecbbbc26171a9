"""The package as others have it: a wheel, installed with some of its extras in an environment of its own.

Nothing is downloaded. The packages that an installation would bring are those of this environment, linked one by one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
NAME = "acme-lead-checker"
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
"""What pip calls after it has loaded itself and the build's metadata, which takes more than the build."""
INSTALL = ("install", "-qq", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-compile")
SOURCES = ("alc_app", "mock_alc", "pyproject.toml", "README.md", "LICENSE")


def build_wheel(folder: Path) -> Path:
    """Build the wheel in `folder`, of a copy of the sources, and return its path."""
    copy, wheels = folder / "copy", folder / "wheels"
    copy.mkdir(parents=True)
    for name in SOURCES:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, copy)
    _python("-c", BUILD, str(wheels), cwd=copy)
    (wheel,) = wheels.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Installation:
    """An environment with the package in it."""

    folder: Path
    brought: frozenset[str]
    """The packages that came with it."""

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, such as `python` or `mock-alc`, with none of our settings."""
        ours = ("PYTEST", "PYTHON", "MOCK_A", "ALC_", "ATTIO_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return subprocess.run(  # noqa: S603 - our own code
            [str(self.folder / "bin" / command[0]), *command[1:]], cwd=cwd or self.folder, env=environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


def run_pytest(installed: Installation, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder, as the owner of the installation would."""
    return installed.run("python", "-m", "pytest", "-q", *arguments, cwd=project)


def copy_example(example: Path, folder: Path) -> Path:
    """Copy an example of the package into a folder that is not there yet, and return it."""
    return shutil.copytree(example, folder, ignore=shutil.ignore_patterns("__pycache__"))


def install(wheel: Path, folder: Path, *extras: str, beside: tuple[str, ...] = ()) -> Installation:
    """Make an environment with the wheel, these extras and what they need, and the packages `beside`."""
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    _python("-m", "pip", *INSTALL, "--target", str(packages), str(wheel))
    for script in (packages / "bin").iterdir():
        shutil.copy(script, folder / "bin")
        command = (folder / "bin" / script.name).read_text()
        (folder / "bin" / script.name).write_text(command.replace(sys.executable, str(folder / "bin/python"), 1))
    (ours,) = distributions(name=NAME, path=[str(packages)])
    brought = frozenset(_needs(ours, set(extras)))
    for name in brought.union(*(_needs(distribution(other), set()) | {other} for other in beside)):
        for place in _top_level(distribution(name)):
            if not (packages / place.name).exists():
                (packages / place.name).symlink_to(place)
    return Installation(folder, brought)


def _needs(package: Distribution, extras: set[str]) -> set[str]:
    """Return the names of all packages that this one needs on this Python, with these extras."""
    found: set[str] = set()
    for requirement in map(Requirement, package.requires or []):
        if not requirement.marker or any(requirement.marker.evaluate({"extra": each}) for each in extras | {""}):
            found |= {canonicalize_name(requirement.name)} | _needs(distribution(requirement.name), requirement.extras)
    return found


def _top_level(package: Distribution) -> set[Path]:
    """Return the files and folders of a package directly in `site-packages`."""
    names = {file.parts[0] for file in package.files or [] if file.parts[0] not in ("..", "__pycache__")}
    return {Path(str(package.locate_file(name))) for name in names}


def _python(*arguments: str, cwd: Path | None = None) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert done.returncode == 0, done.stderr
