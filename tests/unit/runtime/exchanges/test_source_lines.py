"""Source lines of the app's own code at the time of a call."""

from __future__ import annotations

from alc_app.runtime.exchanges.source_lines import APP, excerpt, source_lines


def test_code_that_is_not_the_apps_stands_nowhere() -> None:
    """Tests, libraries and the runtime are not what a reader of the tutorial looks for."""
    assert source_lines() == []


def test_the_function_around_a_line_is_shown_with_that_line_marked() -> None:
    """A reader sees the whole function, and the line that calls."""
    text = (APP / "events" / "connection_added.py").read_text().splitlines()
    line = next(n for n, found in enumerate(text, 1) if "create_webhook_handler(file_name" in found)

    shown = excerpt({"file": "alc_app/events/connection_added.py", "line": line, "function": "connection_added"})

    assert shown
    assert shown["lines"][0]["text"].startswith("def connection_added")
    assert [row["number"] for row in shown["lines"] if row["hot"]] == [line]


def test_a_file_that_is_not_ours_is_never_shown() -> None:
    """The log is read from a database, so paths in it are not trusted."""
    assert excerpt({"file": "alc_app/../pyproject.toml", "line": 1, "function": ""}) is None
    assert excerpt({"file": "/etc/passwd", "line": 1, "function": ""}) is None
    assert excerpt({"file": "alc_app/nothing.py", "line": 1, "function": ""}) is None
