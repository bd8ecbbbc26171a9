"""The table of `scripts/bench`, which people read, and its JSON, which scripts do."""

import json

from tests.soak.table import Report, to_json, to_text


def measured() -> Report:
    report = Report(wrong=["A click was answered with nothing."])
    report.add("app ÷ verify only", 0.6789, "≥ 0.65")
    report.add("  the app, answers a second", 1234.567)
    return report


def test_each_row_stands_beside_its_goal_and_what_is_wrong_below() -> None:
    """As many digits as mean something; a row without a goal ends with its figure."""
    assert to_text({"intake on sqlite": measured()}).splitlines() == [
        f"{'intake on sqlite':<66}   measured  goal",
        f"{'app ÷ verify only':<66}       0.68  ≥ 0.65",
        f"{'  the app, answers a second':<66}     1234.6",
        "wrong: A click was answered with nothing.",
    ]


def test_json_has_the_same_rows_by_the_title_of_their_report() -> None:
    """One object for each database that was measured."""
    report = json.loads(to_json({"click on sqlite": measured()}))["click on sqlite"]

    assert report["rows"][0] == {"what": "app ÷ verify only", "measured": 0.68, "goal": "≥ 0.65"}
    assert report["wrong"] == ["A click was answered with nothing."]
