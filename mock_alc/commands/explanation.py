"""Prints an explanation: valid or not, each problem with its remedy, and both signed strings."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from mock_alc.signing.explanation import Explanation

SHOWN = 400
"""Characters of a signed string that are printed."""
BEFORE = 60
"""Characters that are printed before the first difference."""


def show(found: Explanation) -> None:
    """Print the explanation to the terminal."""
    console = Console(highlight=False, soft_wrap=False)
    verdict = ("Valid: signed with this secret.", "bold green") if found.valid else ("Not valid.", "bold red")
    console.print(Text(*verdict))
    for problem in found.problems:
        mark = ("✗", "red") if problem.fatal else ("!", "yellow")
        console.print(Text.assemble(mark, " ", (problem.sentence, "bold"), (f"  [{problem.code}]", "dim")))
        console.print(Padding(Text(problem.remedy), (0, 0, 0, 2)))
    console.print()
    if found.expected_content is not None:
        _string(console, "What should be signed", found.expected_content, found.signed_content)
    if found.signed_content is not None and found.signed_content != found.expected_content:
        _string(console, "What was signed", found.signed_content, found.expected_content)
    _signature(console, "expected signature", found.expected_signature)
    _signature(console, "given signature", found.given_signature)


def _string(console: Console, title: str, content: bytes, other: bytes | None) -> None:
    """Print the part of `content` around its first difference to `other`, with invisible characters shown."""
    console.print(Text.assemble((title, "bold"), (f"  {len(content)} bytes", "dim")))
    at = None if other is None or other == content else _first_difference(content, other)
    start = max(0, at - BEFORE) if at is not None and len(content) > SHOWN else 0
    part = content[start : start + SHOWN]
    text = Text("…" if start else "")
    cut = len(part) if at is None else at - start
    text.append(visible(part[:cut]))
    text.append(visible(part[cut : cut + 1]) or ("␃" if at is not None else ""), style="reverse")
    text.append(visible(part[cut + 1 :]))
    text.append("…" if start + SHOWN < len(content) else "")
    console.print(Padding(text, (0, 0, 0, 2)))


def _signature(console: Console, name: str, value: str | None) -> None:
    console.print(Text.assemble((f"{name:<20}", "dim"), value or "none"))


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def visible(raw: bytes) -> str:
    """Return bytes as text in which newlines, returns, tabs and other unprintable characters are visible."""
    text = raw.decode("utf-8", "backslashreplace")
    for character, shown in (("\n", "⏎"), ("\r", "␍"), ("\t", "⇥"), ("\0", "␀"), ("\ufeff", "<BOM>")):
        text = text.replace(character, shown)
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)
