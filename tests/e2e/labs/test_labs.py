"""Break it: every lab, run as the page runs it, on servers that are restarted as the demo restarts them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.laboratory import Laboratory
from tests.support.people import User
from tests.support.servers.clients import Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import eventually

LABS = {
    "double-click": ("two", "one"),
    "webhook-before-pending": ("pending", "complete"),
    "forged-signature": ("believed", "refused"),
    "replayed-delivery": ("oldest", "newest"),
    "crm-down": ("lost", "retried"),
    "answer-lost": ("two", "one"),
    "alc-down-on-disconnect": ("left", "gone"),
    "killed-between-two-writes": ("twice", "resumed"),
}
"""The expected choices of the tutorial's code and of ours, by id."""
STORIES = sorted((Path(__file__).parents[3] / "alc_app" / "labs" / "stories").glob("*.json"))
STORY = json.loads(STORIES[0].read_text())
RAINED = {"at": 0, "do": "rain", "who": 1, "how": "", "says": "It rains.", "with": {}}
NO_STORIES = (
    (None, 422, "not a story of mock-alc storm"),
    ({"storm": 1}, 422, "promise is missing"),
    ({**STORY, "storm": 2}, 422, "has version 2"),
    ({**STORY, "happened": [RAINED]}, 422, "cannot play “It rains.”"),
    ({"storm": 1, "promise": "x" * 70_000}, 413, "at most 64 KB"),
)
"""What is sent instead of a story, and how it is refused."""


@pytest.mark.parametrize("name", LABS)
def test_a_lab_breaks_the_tutorials_code_and_not_ours_and_takes_everything_back(
    laboratory: Laboratory, name: str
) -> None:
    """Afterwards the workspace is as it was before, and still connected."""
    choices, (naive, ours) = laboratory.choices(name), LABS[name]

    told = laboratory.run(name, naive)

    outcomes = {line["side"]: line for line in told if line["event"] == "outcome"}
    assert set(outcomes) == {"naive", "ours"}, told
    assert outcomes["naive"]["text"] == _plain(choices[naive]), told
    assert outcomes["ours"]["text"] == _plain(choices[ours]), told
    assert (outcomes["naive"]["good"], outcomes["ours"]["good"]) == (False, True)
    assert (outcomes["naive"]["guessed"], outcomes["ours"]["guessed"]) == (True, False)
    assert not all(line["good"] for line in told if line["event"] == "fact" and line["side"] == "naive")
    assert all(line["good"] for line in told if line["event"] == "fact" and line["side"] == "ours"), told
    assert told[-1] == {"event": "done"}
    eventually(lambda: not laboratory.left_behind(), what=laboratory.left_behind)


def test_a_lab_takes_no_step_of_the_users_tutorial(laboratory: Laboratory) -> None:
    """It presses the same button, and the log has its messages; the tutorial waits for a user to press it."""
    laboratory.user.post("/tutorial/reset")

    laboratory.run("double-click", "two")

    clicks = [message for message in laboratory.exchanges() if message["label"] == "Clicks button"]
    steps = {step["id"]: step["state"] for step in laboratory.user.get("/tutorial/state.json").json()["steps"]}
    assert len(clicks) >= 2
    assert (steps["Usage 2"], steps["Usage 3"]) == ("open", "open")
    assert laboratory.user.is_connected()


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_a_story_breaks_its_promise_in_the_tutorials_code_and_not_in_ours(laboratory: Laboratory, file: Path) -> None:
    """Its page tells it, and plays it on both sides. Afterwards everything is as it was before."""
    story, page = json.loads(file.read_text()), laboratory.user.get(f"/labs/stories/{file.stem}").text
    said = [happening["says"] for happening in story["happened"]]
    assert re.findall(r"</time><span>([^<]+)</span></li>", _plain(page)) == said

    told = laboratory.play(story)

    outcomes = {line["side"]: line["text"] for line in told if line["event"] == "outcome"}
    assert outcomes == {"naive": f"Broken: {story['promised']}", "ours": f"Kept: {story['promised']}"}, told
    assert all(line["good"] for line in told if line["event"] == "fact" and line["side"] == "ours"), told
    notes = [each["label"] for each in laboratory.exchanges() if each["kind"] == "note"]
    assert notes[-len(said) :] == said
    eventually(lambda: not laboratory.left_behind(), what=laboratory.left_behind)
    assert laboratory.user.is_connected()


@pytest.mark.parametrize(("file", "status", "words"), NO_STORIES)
def test_a_file_that_cannot_be_played_is_refused_in_a_sentence(
    laboratory: Laboratory, file: Any, status: int, words: str
) -> None:
    """Nothing is begun."""
    refused = laboratory.user.post("/labs/stories/run", json=file)
    assert refused.status_code == status
    assert words in refused.json()["error"]["message"]


def test_a_lab_that_nobody_watches_any_more_runs_alone_and_takes_everything_back(laboratory: Laboratory) -> None:
    """The tab is closed after the first event. Until the lab ends a second one is refused: they share the servers."""
    reply = laboratory.start("crm-down", "lost")
    next(reply.iter_lines())
    reply.close()

    refused = laboratory.start("double-click", "two")
    assert refused.status_code == 409
    assert "already running" in refused.json()["error"]["message"]

    eventually(lambda: laboratory.start("double-click", "two").status_code == 200)
    eventually(lambda: not laboratory.left_behind(), what=laboratory.left_behind)


def test_what_a_killed_lab_has_left_is_put_back_by_the_next_one(
    laboratory: Laboratory, stack: Stack, attio: Attio
) -> None:
    """After kill -9 the next lab cleans up."""
    reply = laboratory.start("alc-down-on-disconnect", "left")
    lines = (json.loads(line) for line in reply.iter_lines())
    assert any(line["event"] == "step" and "Disconnects" in line["text"] for line in lines)
    stack.web.kill()
    reply.close()
    stack.web.start()
    stack.alc.stop()  # the lab's faults
    stack.alc.start()
    assert laboratory.left_behind()

    laboratory.run("double-click", "two")

    eventually(lambda: not laboratory.left_behind(), what=laboratory.left_behind)


def test_a_lab_does_not_keep_the_web_process_from_stopping(laboratory: Laboratory, stack: Stack) -> None:
    """C15: the process ends within 10 seconds, and the next lab cleans up what this one could not."""
    reply = laboratory.start("crm-down", "lost")
    next(reply.iter_lines())
    asked = time.monotonic()
    assert stack.web.stop() == 0
    assert time.monotonic() - asked < 10
    reply.close()
    stack.web.start()

    laboratory.run("double-click", "two")

    eventually(lambda: not laboratory.left_behind(), what=laboratory.left_behind)


def test_a_lab_wants_a_prediction_and_an_address_of_the_naive_code_ends_with_it(
    laboratory: Laboratory, stack: Stack
) -> None:
    """Nothing runs without a prediction; the route without verification serves only handlers of a running lab."""
    for guess in (None, "nonsense"):
        assert laboratory.user.post("/labs/double-click/run", json={"guess": guess}).status_code == 400
    assert laboratory.user.get("/labs/nonsense").status_code == 404
    body = {"record_id": "00000000-0000-4000-8000-000000000000", "status": "Complete"}
    assert requests.post(f"{stack.app_url}/naive/hooks/anything", json=body, timeout=10).status_code == 404


def test_without_a_connection_a_lab_says_what_to_do_first(laboratory: Laboratory, disconnected_user: User) -> None:
    """The page shows it in place of the button."""
    assert not laboratory.user.is_connected()
    page = disconnected_user.get("/labs/double-click").text
    assert "Connect Acme Lead Checker first" in page
    assert 'id="run"' not in page
    assert disconnected_user.post("/labs/double-click/run", json={"guess": "two"}).status_code == 409


def _plain(text: str) -> str:
    return text.replace("&#39;", "'").replace("&amp;", "&")
