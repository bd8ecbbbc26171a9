"""The documents tell the truth: every link, path, command, flag and variable in them exists, and none is missing."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import click

from alc_app.cli.commands import main as alc_app
from alc_app.config.settings import Config as AlcAppConfig
from mock_alc.commands.cli import main as mock_alc
from mock_alc.config import Config as MockAlcConfig

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
READMES = [README, *sorted((ROOT / "alc_app").rglob("README.md")), ROOT / "mock_alc" / "README.md"]
DOCUMENTS = {path: path.read_text() for path in [*READMES, ROOT / "CONTRIBUTING.md", ROOT / ".github" / "AGENTS.md"]}
PROGRAMS = {"alc-app": alc_app, "mock-alc": mock_alc}
OF_OTHERS = {"--help", "--fix", "--no-index"}
"""Flags of scripts and of other programs that a document may mention alone."""
NAIVE = ROOT / "alc_app" / "labs" / "naive"
HARNESS = {"__init__.py", "__main__.py", "runtime.py"}
"""The files of the naive code that are not a port of the tutorial's."""
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def name_of(document: Path) -> str:
    """Return the path of a document from the root."""
    return document.relative_to(ROOT).as_posix()


def found(pattern: str, *, flags: int = 0) -> Iterator[tuple[Path, str]]:
    """Yield each text that the pattern's group matches, with the document it is in."""
    for document, text in DOCUMENTS.items():
        for match in sorted(set(re.findall(pattern, text, flags))):
            yield document, match


def headings(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def leads_somewhere(document: Path, link: str) -> bool:
    """Say whether a link leads to a file, and its anchor to a heading there."""
    target, _, anchor = link.partition("#")
    path = document.parent / target if target else document
    return path.exists() and (not anchor or anchor in headings(path))


def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading() -> None:
    """Pictures included: a test makes them."""
    links = [(document, link) for document, link in found(r"\]\(([^)\s]+)\)") if "://" not in link]
    assert not [f"{name_of(document)}: {link}" for document, link in links if not leads_somewhere(document, link)]


def test_the_recording_moves_and_is_small() -> None:
    """A GIF of several frames, under 1 MB; each frame begins with its delay."""
    recording = (ROOT / "tests/screenshots/first-complete.gif").read_bytes()
    assert recording.startswith(b"GIF89a") and recording.count(b"\x21\xf9\x04") > 8
    assert len(recording) < 1_000_000


def test_a_link_that_shows_a_path_leads_there() -> None:
    """The text may leave out folders at the front, and the target may be the README or a file of a folder."""
    wrong = []
    for document, text in DOCUMENTS.items():
        for shown, target in re.findall(r"\[`([\w./-]+)`\]\(([^)#:]+)[^)]*\)", text):
            place = name_of((document.parent / target).resolve())
            wrong += [f"{name_of(document)}: {shown}"] if f"/{shown.strip('/')}" not in f"/{place}" else []
    assert not wrong


def test_every_path_exists() -> None:
    """A path is written from the root, from `alc_app`, or from the room of its README; it may have a `*`."""
    paths = found(r"(?<!\[)`((?:[\w.*-]+/)+(?:[\w*-]+\.(?:py|md|graphql|yaml|toml))?|[\w-]+\.(?:py|md|yaml|toml))`")
    assert not [
        f"{name_of(document)}: {path}"
        for document, path in paths
        if not any(list(base.glob(path)) for base in (ROOT, ROOT / "alc_app", document.parent))
    ]


def test_every_participant_of_the_diagrams_is_a_file_or_a_server_of_ours() -> None:
    """The reader can open each of them."""
    assert not [
        f"{name_of(document)}: {name}"
        for document, name in found(r"participant \w+ as (.+)")
        if not (ROOT / "alc_app" / name).exists() and not (ROOT / name).exists()
    ]


def test_every_command_is_in_a_table_and_every_one_that_is_named_exists() -> None:
    """What the documents name can be run; what can be run, they name."""
    for program, group in PROGRAMS.items():
        rows = {name for _, name in found(rf"^\| `{program} ([\w-]+)", flags=re.MULTILINE)}
        named = {name for _, name in found(rf"(?:`|bin/|^){program} ([a-z][\w-]+)", flags=re.MULTILINE)}
        assert (rows, named | rows) == (set(group.commands), set(group.commands))


def options(command: click.Command) -> set[str]:
    """Return the flags of a command and of its subcommands."""
    own = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    below = command.commands.values() if isinstance(command, click.Group) else []
    return own.union(*map(options, below))


def test_every_flag_that_a_command_is_given_is_one_of_its_own() -> None:
    """Of `alc-app serve --with-worker` and its like, in a text or in a block of code."""
    wrong = []
    for program, group in PROGRAMS.items():
        for document, line in found(rf"(?:`|bin/|^){program} ([a-z][^`#\n]*)", flags=re.MULTILINE):
            command = group.commands[re.split(r"[^\w-]", line)[0]]
            unknown = set(re.findall(r"(?<!\S)--[a-z-]+", line)) - options(command) - {"--help"}
            wrong += [f"{name_of(document)}: {program} {line}"] if unknown else []
    assert not wrong


def test_every_flag_that_stands_alone_exists() -> None:
    """`--with-worker` and its like: of any command, since the text around it says of which."""
    known = OF_OTHERS.union(*map(options, PROGRAMS.values()))
    assert not [f"{name_of(document)}: {flag}" for document, flag in found(r"`(--[a-z-]+)`") if flag not in known]


def test_every_variable_is_a_setting() -> None:
    """One that was renamed or removed is found here."""
    known = {field.alias for field in AlcAppConfig.model_fields.values()}
    known |= {f"MOCK_ALC_{name.upper()}" for name in MockAlcConfig.model_fields}
    variables = found(r"\b((?:MOCK_)?(?:ALC|ATTIO)_[A-Z_]+)\b")
    assert not [f"{name_of(document)}: {name}" for document, name in variables if name not in known]


def test_every_script_that_they_name_is_there() -> None:
    """The two commands of the first screen, above all."""
    scripts = {script.name for script in (ROOT / "scripts").iterdir()}
    assert not [f"{name_of(document)}: {name}" for document, name in found(r"scripts/(\w+)") if name not in scripts]


def test_the_first_page_is_short() -> None:
    """At most 1,200 words, as `wc -w` counts them: what needs more belongs to the README of a room."""
    assert len(README.read_text().split()) <= 1200


def test_every_room_with_a_readme_is_linked_from_the_first_page() -> None:
    """Nobody has to look for them."""
    text = DOCUMENTS[README]
    linked = {(ROOT / link).resolve() for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    assert not [name_of(path) for path in READMES[1:] if path not in linked]


def lines_of_code(path: Path) -> int:
    """Count the lines of a file without comments, docstrings and blank lines."""
    source = path.read_text()
    strings = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr)]
    docs = {
        line
        for value in strings
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
        for line in range(value.lineno, (value.end_lineno or value.lineno) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {line for token in tokens if token.type not in NO_CODE for line in range(token.start[0], token.end[0] + 1)}
    return len(code - docs)


def test_the_tutorials_code_is_counted_beside_ours() -> None:
    """Each port of a file of the tutorial has its twin in the app, and a row that says how long both are."""
    ports = [path.relative_to(NAIVE) for path in sorted(NAIVE.rglob("*.py")) if path.name not in HARNESS]
    rows = {
        f"| `{port.as_posix()}` | {lines_of_code(NAIVE / port)} | {lines_of_code(ROOT / 'alc_app' / port)} |"
        for port in ports
    }
    assert len(rows) == 5
    assert not {row for row in rows if row not in DOCUMENTS[README]}


def test_the_difference_that_is_shown_is_real() -> None:
    """A line of the `diff` begins one of the tutorial's file or of ours; the command beside it names both."""
    text = DOCUMENTS[README]
    theirs, ours = re.findall(r"^git diff --no-index (\S+) (\S+)$", text, re.MULTILINE)[0]
    shown = re.findall(r"```diff\n(.*?)```", text, re.DOTALL)[0].splitlines()
    for sign, path in (("-", theirs), ("+", ours)):
        source = "\n" + (ROOT / path).read_text()
        assert not [line for line in shown if line.startswith(sign) and f"\n{line[1:]}" not in source]
