"""Both sides of a run are drawn as they come, and then laid side by side."""

from __future__ import annotations

from typing import Any

from alc_app.labs.drawings import Drawings, only_in


def messages(*words: str) -> list[dict[str, Any]]:
    """Return messages with these words, numbered from 1; a word in brackets is a note."""
    return [
        {"id": n, "kind": "note" if each[0] == "[" else "call", "sender": "A", "receiver": "B", "words": each}
        for n, each in enumerate(words, 1)
    ]


def test_messages_that_both_sides_have_in_the_same_order_are_no_difference() -> None:
    """What one side has in between is marked, on that side."""
    naive, ours = messages("Clicks", "POST", "raises"), messages("Clicks", "POST", "GET", "PATCH", "raises")
    assert only_in(naive, ours) == []
    assert only_in(ours, naive) == [3, 4]


def test_the_same_words_between_others_are_a_difference() -> None:
    """An arrow is its sender, its receiver and its words."""
    [other] = messages("POST")
    assert only_in(messages("POST"), [{**other, "receiver": "C"}]) == [1]


def test_another_order_is_a_difference_and_notes_are_none() -> None:
    """One of two that have changed places is marked on each side."""
    naive, ours = messages("[a note]", "PATCH", "200"), messages("200", "PATCH")
    assert len(only_in(naive, ours)) == len(only_in(ours, naive)) == 1
    assert 1 not in only_in(naive, ours)


def test_what_goes_over_the_wire_while_a_side_cleans_up_is_not_drawn() -> None:
    """The other side is drawn on."""
    emitted: list[Any] = []
    drawings = Drawings(emitted.append)
    for side in ("naive", "ours"):
        drawings.add(side, *messages("POST"))
    drawings.end("naive")
    drawings.add("naive", *messages("DELETE"))
    drawings.add("ours", *messages("GET"))

    assert [line["message"]["words"] for line in emitted] == ["POST", "POST", "GET"]
    assert drawings.differences() == {"event": "differences", "naive": [], "ours": [1]}
