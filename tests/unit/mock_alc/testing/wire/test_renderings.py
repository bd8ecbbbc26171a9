"""The drawings: text, Mermaid and HTML."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from mock_alc.testing.wire.drawing import Drawing, Highlight, Note
from mock_alc.testing.wire.mermaid import as_mermaid
from mock_alc.testing.wire.page import as_page
from mock_alc.testing.wire.text import as_text
from tests.unit.mock_alc.testing.wire.exchanges import BEGIN, delivery, lead, lost_lead

EVIL = '"><script>alert(1)</script>; #quot end'
STORY = Drawing(
    "A day",
    [lost_lead("k"), lead(201, "k", after=1), delivery(200, after=3_601, forged=True, fault="changed after signing")],
    [Note(BEGIN, "Ada's record: Send to ALC"), Note(BEGIN + timedelta(hours=2), "The person looks")],
    Highlight(2, "It was accepted.", "Refuse it with 401."),
)


def test_the_text_has_aligned_columns_and_explains_what_is_marked() -> None:
    """One line for each exchange, and one for its fault; notes are between them."""
    assert as_text(STORY).splitlines() == [
        "Look at number 3: It was accepted.",
        "Refuse it with 401.",
        "",
        "      Ada's record: Send to ALC",
        "    1  12:00:00  your app → ALC  POST /api/v1/leads  record ada            → answer lost",
        "       (the connection broke before the answer)",
        "    2  12:00:01  your app → ALC  POST /api/v1/leads  record ada            → 201",
        "      … 60 minutes later",
        ">>  3  13:00:01  ALC → your app  lead.processed      record ada, Complete  → 200",
        "       (changed after signing; a correct app refuses it)",
        "      … 60 minutes later",
        "      The person looks",
    ]


@pytest.mark.parametrize(("marked", "numbers"), [(None, range(67, 101)), (0, range(1, 35)), (49, range(34, 68))])
def test_of_a_long_run_the_text_shows_what_is_around_the_mark(marked: int | None, numbers: range) -> None:
    """Or the end; it says how many others there are."""
    highlight = None if marked is None else Highlight(marked, "So it was.")
    text = as_text(Drawing("Long", [lead(after=number) for number in range(100)], highlight=highlight))
    shown = [int(number) for number in re.findall(r"^[> ]{2} *(\d+)  12", text, re.MULTILINE)]
    assert len(shown) == 34
    assert abs(shown[0] - numbers[0]) <= 1 and shown == list(range(shown[0], shown[0] + 34))
    left_out = sum(int(number) for number in re.findall(r"^ +(\d+) (?:earlier|later) rows", text, re.MULTILINE))
    assert left_out == 66
    assert len(text.splitlines()) <= 40


def test_mermaid_has_two_arrows_for_each_exchange() -> None:
    """A lost answer has its own kind of arrow; the mark is a note."""
    assert as_mermaid(STORY).splitlines() == [
        "sequenceDiagram",
        "    participant P1 as your app",
        "    participant P2 as ALC",
        "    Note over P1,P2: Ada's record: Send to ALC",
        "    P1->>P2: POST /api/v1/leads record ada (the connection broke before the answer)",
        "    P2--xP1: answer lost",
        "    P1->>P2: POST /api/v1/leads record ada",
        "    P2-->>P1: 201",
        "    Note over P1,P2: 60 minutes later",
        "    P2->>P1: lead.processed record ada, Complete (changed after signing)",
        "    P1-->>P2: 200",
        "    Note over P1,P2: It was accepted. Refuse it with 401.",
        "    Note over P1,P2: 60 minutes later",
        "    Note over P1,P2: The person looks",
    ]


def test_mermaid_reads_nothing_in_a_text_as_its_own() -> None:
    """Neither a semicolon, nor #, nor the word `end`."""
    line = as_mermaid(Drawing("x", [lead()], [Note(BEGIN, EVIL)])).splitlines()[3]
    assert not re.search(r"<|>|\bend\b", line)
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), line).endswith(EVIL)


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep them."""
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_loads_and_runs_nothing() -> None:
    """Its policy forbids it, and there is nothing to load."""
    page = as_page(STORY)
    found = Tags(page)
    assert not {"script", "img", "link", "iframe", "base"} & set(found.tags)
    assert not [
        name for name, value in found.attributes if name in ("src", "onclick") or (value or "").startswith("http")
    ]
    assert not re.search(r"@import|url\(", page)
    assert "default-src 'none'; style-src 'unsafe-inline'" in page


def test_the_page_escapes_everything() -> None:
    """Bodies, headers, paths, notes and titles come from anywhere."""
    evil = lead(201, body={"recordId": EVIL}, fault=EVIL, query={"q": EVIL}, answer_body={"x": EVIL}, error=EVIL)
    spoiled = delivery(None, error=EVIL, headers={"x": EVIL}, body=EVIL, delivery_id=EVIL)
    page = as_page(Drawing(EVIL, [evil, spoiled], [Note(BEGIN, EVIL)], Highlight(0, EVIL, EVIL)))
    assert "script" not in Tags(page).tags
    assert page.count("alert(1)") >= 10


def test_the_page_marks_the_difference_and_links_to_it() -> None:
    """The exchange that is marked is the one that the sentence is about."""
    page = as_page(STORY)
    assert '<a href="#n3">Number 3</a>: It was accepted.' in page
    assert page.count('class="marked"') == 1 and '<li id="n3" class="marked">' in page


def test_a_drawing_without_exchanges_can_be_rendered() -> None:
    """Nothing has happened yet, which is no error."""
    nothing = Drawing("Nothing", [])
    assert (as_text(nothing), as_mermaid(nothing)) == ("", "sequenceDiagram\n")
    assert "<h1>Nothing</h1>" in as_page(nothing)
