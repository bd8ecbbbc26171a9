"""What if: the operations of the mocks are matched to an arrow, and its run becomes a story."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alc_app.labs.stories import read
from alc_app.labs.what_if import story_of, what_if
from alc_app.mock_attio.store.write_faults import OPERATIONS as CRM
from alc_app.pages import StoryUnreadable
from mock_alc.scenarios.operations import OPERATIONS as ALC
from mock_alc.testing.storm import Story

ADA, BO = "0000-ada", "0000-bo"
LISTED = [row for operation in (*ALC.values(), *CRM) for row in operation.as_json()]
"""As the control APIs list them."""
Message = dict[str, Any]


def message(number: int, label: str, body: Any = None, url: str = "", **told: Any) -> Message:
    """Return a message of the log; with a URL, its request, whose method begins the label."""
    request = {"request": {"method": label.partition(" ")[0], "url": url, "body": json.dumps(body)}} if url else {}
    plain = {"id": number, "kind": "call", "call": f"c{number}", "sender": "", "receiver": "", "label": label}
    return {**plain, "detail": request, **told}


def sent(number: int, record_id: str) -> Message:
    url = "http://alc.test/api/v1/leads"
    return message(number, "POST /api/v1/leads", {"recordId": record_id}, url, receiver="ALC")


def told(number: int, record_id: str, status: str) -> Message:
    body = {"event": "lead.processed", "record_id": record_id, "status": status}
    return message(number, "Calls the app's webhook", body, "http://app.test/hooks/1", receiver="Webhook")


def written(number: int, record_id: str) -> Message:
    url = f"http://crm.test/v2/objects/people/records/{record_id}"
    return message(number, f"PATCH /v2/objects/people/records/{record_id}", {}, url, receiver="Attio API")


CLICK = message(1, "Clicks button")
RUN = [CLICK, sent(2, ADA), written(3, ADA), told(4, ADA, "Complete"), written(5, ADA)]


def offered(run: list[Message], at: Message) -> list[str]:
    """Return the stories that an arrow offers, as an address names them."""
    found = what_if(run, at, LISTED)
    return [story for story, _ in found.choices] if found else []


def test_a_request_offers_the_faults_of_its_route_before_the_click() -> None:
    """And no fault of another request or of a delivery. The process can be killed in the middle of it."""
    stories = offered(RUN, RUN[1])
    assert "answer.1.503,click.1,verdict.1.interested" in stories
    assert "kill.1.in_click,verdict.1.interested" in stories
    assert not [story for story in stories if "crm_answer" in story or "verdict.1.twice" in story]


def test_a_delivery_offers_the_faults_of_its_event() -> None:
    """Instead of the verdict that came, before the click, and after it."""
    stories = offered(RUN, RUN[3])
    for story in (
        "click.1,verdict.1.bad_signature",
        "click.1,verdict.1.no_answer",
        "next_verdict.1.early,click.1,verdict.1.interested",
        "click.1,verdict.1.interested,resend.1.first",
        "click.1,kill.1.after_verdict",
    ):
        assert story in stories
    assert "click.1,verdict.1.interested" not in stories  # that is the run as it was


def test_a_write_to_the_crm_fails_where_it_was_made() -> None:
    """The first was made by the click, the second by the verdict."""
    assert "crm_answer.1.503,click.1,verdict.1.interested" in offered(RUN, RUN[2])
    assert "click.1,crm_answer.1.503,verdict.1.interested" in offered(RUN, RUN[4])


def test_an_answer_offers_what_its_call_does() -> None:
    """They are two arrows of one request."""
    answer = message(6, "201 Created", kind="answer", call="c2")
    assert offered([*RUN, answer], answer) == offered(RUN, RUN[1])


def test_a_run_of_two_people_is_a_story_of_two() -> None:
    """The fault is about the person of the arrow."""
    run = [CLICK, sent(2, ADA), sent(3, BO), told(4, BO, "Failed"), told(5, ADA, "Complete")]
    assert "click.1,click.2,verdict.1.interested,verdict.2.twice" in offered(run, run[3])
    assert "click.1,answer.2.503,click.2,verdict.1.interested,verdict.2.no_answer" in offered(run, run[2])


def test_a_connection_offers_its_own_faults() -> None:
    """A run that connects or disconnects has no person."""
    removed = [message(1, "Fires connection_removed")]
    gone = message(2, "DELETE /api/v1/webhooks/w1", url="http://alc.test/api/v1/webhooks/w1")
    assert offered([*removed, gone], gone) == ["disconnect.1.lost", "disconnect.1.lost_after", "disconnect.1.503"]
    added = [message(1, "Fires connection_added")]
    made = message(2, "POST /api/v1/webhooks", {}, "http://alc.test/api/v1/webhooks")
    assert offered([*added, made], made) == ["disconnect.1,connect.1.lost", "disconnect.1,connect.1.503"]


def test_what_this_app_cannot_play_is_not_offered() -> None:
    """A newer mock may list more."""
    newer = {"do": "rain", "how": "", "says": "It rains.", "with": {}, "spoils": "click", "place": "before click"}
    found = what_if(RUN, CLICK, [*LISTED, newer])
    assert found
    assert [story for story, _ in found.choices] == ["click.1.twice,verdict.1.interested"]


def test_what_began_without_a_click_or_cannot_go_wrong_offers_nothing() -> None:
    """A job's request, and a toast."""
    assert offered([sent(1, ADA)], sent(1, ADA)) == []
    toast = message(6, "show_toast()")
    assert what_if([*RUN, toast], toast, LISTED) is None


@pytest.mark.parametrize("at", RUN, ids=lambda at: at["label"])
def test_every_story_that_is_offered_can_be_told_and_read(at: Message) -> None:
    """By this app; and by `mock-alc story` too, unless it is about the CRM, which ALC's mock does not have."""
    for reference in offered(RUN, at):
        told_as = story_of(reference, LISTED)
        story = read(told_as)
        assert all("{" not in each.says for each in story.happened)
        parts = [".".join(filter(None, (each.do, str(each.who), each.how))) for each in story.happened]
        assert ",".join(parts) == reference
        if "crm_answer" not in reference:
            assert Story.from_json(told_as).as_json()["happened"] == told_as["happened"]


@pytest.mark.parametrize("reference", ["", "rain.1", "click", "click.0", "click.1.thrice", "click.1,,", "click.1 "])
def test_an_address_that_names_something_unknown_is_refused(reference: str) -> None:
    """A link chooses from the list of the mocks, and brings nothing of its own."""
    with pytest.raises(StoryUnreadable, match="do not know"):
        story_of(reference, LISTED)
