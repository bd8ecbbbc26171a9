"""Why a person is Pending, Failed or nothing: what is said in each state, and what must hold in all of them."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from alc_app.leads.models import FORBIDDEN, GONE, REFUSED, Lead, RecordSync
from alc_app.leads.transitions import TRANSITIONS
from alc_app.web.presenters.why.explain import explain
from alc_app.web.presenters.why.facts import Arrival, Facts, Moment
from alc_app.web.presenters.why.sentences import PARTS

NOW = 1000.0
States = list[tuple[Facts, str]]
UNKNOWN = "unknown"
STATUSES = ("none", *sorted(set(TRANSITIONS.values())))
SHOWN = {"sending": "Complete", "pending": "Pending", "complete": "Complete", "failed": "Failed", "not_sent": "Failed"}


def lead(status: str, **values: Any) -> Lead:
    """A lead that was sent at 100."""
    due_at = 1100.0 if status in ("sending", "pending") else None
    ids = {"id": "1", "workspace_id": "w", "record_id": "r", "alc_record_id": "r", "alc_lead_id": "lead_1"}
    return Lead(**{**ids, "status": status, "due_at": due_at, "created_at": 100.0, **values})


def sync(status: str | None, *, behind: bool = False, **values: Any) -> RecordSync:
    """What the record should show, and whether it has been given that."""
    shown = {"version": 2, "shown_version": 1 if behind else 2, "due_at": 1200.0 if behind else None}
    return RecordSync(
        **{"workspace_id": "w", "record_id": "r", "alc_lead_id": "lead_1", "alc_status": status, **shown, **values}
    )


def told(facts: Facts) -> str:
    """The paragraph, with each moment as "t100"."""
    sentences = explain(facts).sentences
    return " ".join("".join(f"t{p.at:g}" if isinstance(p, Moment) else p for p in one) for one in sentences)


def ada(status: str, crm_status: str | None, **values: Any) -> Facts:
    """Ada, whom Robin has sent, with a lead in this status."""
    usual: dict[str, Any] = {"name": "Ada", "now": NOW, "sender": "Robin", "crm_status": crm_status}
    return Facts(**{**usual, "lead": lead(status), **values})


@pytest.mark.parametrize(
    ("facts", "paragraph"),
    [
        (
            Facts("Ada", NOW),
            "Ada has not been sent to ALC. The record shows no status. To start a chat, press Send to ALC.",
        ),
        (
            Facts("Ada", NOW, has_phone=False, crm_status="Maybe"),
            "Ada has not been sent to ALC. The record shows “Maybe”, which this app did not write. To send Ada, add "
            "a phone number, then press Send to ALC.",
        ),
        (
            ada("sending", None),
            "Robin asked to send Ada to ALC on t100. ALC has not confirmed it yet. The record shows no status until "
            "ALC has accepted Ada. If nothing happens, the app asks ALC on t1100. You do not need to do anything.",
        ),
        (
            ada("sending", None, lead=lead("sending", tries=2, unanswered=2, resend_until=3700.0, due_at=900.0)),
            "Robin asked to send Ada to ALC on t100. ALC has not confirmed 2 requests, so the app does not know yet "
            "whether ALC has Ada. The record shows no status until ALC has accepted Ada. The app sends it again now "
            "with the same key, so nothing is sent twice, and stops trying on t3700. You do not need to do anything.",
        ),
        (
            ada("sending", None, lead=lead("sending", tries=1, resend_until=3700.0)),
            "Robin asked to send Ada to ALC on t100. ALC asked the app to wait, or could not be reached. The record "
            "shows no status until ALC has accepted Ada. The app sends it again on t1100 with the same key, so nothing"
            " is sent twice, and stops trying on t3700. You do not need to do anything.",
        ),
        (
            ada("pending", "Pending", sync=sync("Pending"), sender=""),
            "Ada was sent to ALC on t100. ALC accepted Ada as lead_1 and has not reported a result yet. The record "
            "shows “Pending”. ALC calls the app's webhook when it has a result. If no call arrives, the app asks ALC "
            "on t1100. You do not need to do anything.",
        ),
        (
            ada("pending", "Pending", sync=sync("Pending"), is_connected=False),
            "Robin sent Ada to ALC on t100. ALC accepted Ada as lead_1 and has not reported a result yet. The "
            "record shows “Pending”. ALC is not connected, so no result can arrive. Connect Acme Lead Checker to "
            "continue.",
        ),
        (
            ada("pending", "Pending", sync=sync("Pending"), arrival=Arrival(800.0, "failed", "A full disk")),
            "Robin sent Ada to ALC on t100. ALC accepted Ada as lead_1 and has not reported a result yet. Its webhook "
            "arrived on t800, and the app could not process it. A full disk. The record shows “Pending”. The app asks "
            "ALC for the result on t1100. To process the webhook now, replay it in Doctor.",
        ),
        (
            ada(
                "complete",
                "Complete",
                lead=lead("complete", occurred_at=700.0, interest="not_interested"),
                sync=sync("Complete"),
                arrival=Arrival(701.0, "done"),
            ),
            "Robin sent Ada to ALC on t100. ALC finished the chat on t700: not interested. Its webhook arrived on "
            "t701. The record shows “Complete”. Nothing more happens unless you send Ada again.",
        ),
        (
            ada("complete", "Pending", sync=sync("Complete", behind=True, why="Attio cannot be reached.")),
            "Robin sent Ada to ALC on t100. ALC finished the chat. The app could not write “Complete” to the record. "
            "Attio cannot be reached. The app tries to write it on t1200. The record shows “Pending” until then. "
            "Nothing more happens unless you send Ada again.",
        ),
        (
            ada(
                "failed", "Failed", lead=lead("failed", why="ALC does not know the lead any more."), sync=sync("Failed")
            ),
            "Robin sent Ada to ALC on t100. The chat counts as failed. ALC does not know the lead any more. The "
            "record shows “Failed”. To try again, press Send to ALC.",
        ),
        (
            ada("not_sent", None, lead=lead("not_sent", why="ALC has never received it.", alc_lead_id=None)),
            "Robin asked to send Ada to ALC on t100. The send failed. ALC has never received it. The record shows "
            "no status. To try again, press Send to ALC.",
        ),
        (
            ada("not_sent", "Complete", lead=lead("not_sent", alc_lead_id=None), sync=sync("Complete")),
            "Robin asked to send Ada to ALC on t100. The send failed, and the page said why at that time. The "
            "record shows “Complete”, from an earlier send. To try again, press Send to ALC.",
        ),
        (
            ada("complete", "Lost", sync=sync("Complete")),
            "Robin sent Ada to ALC on t100. ALC finished the chat. The app wrote “Complete” to the record, but it now "
            "shows “Lost”. To write “Complete” again, run the repairs in Doctor.",
        ),
        (
            ada("complete", None, sync=sync("Complete"), crm_is_known=False),
            "Robin sent Ada to ALC on t100. ALC finished the chat. The app wrote “Complete” to the record. Attio does "
            "not answer now. Nothing more happens unless you send Ada again.",
        ),
        (
            ada("complete", None, sync=sync("Complete", behind=True, blocked=GONE, why="Deleted.", due_at=None)),
            "Robin sent Ada to ALC on t100. ALC finished the chat. The app cannot write “Complete”: the record was "
            "deleted or merged in the CRM. The app does not try to write it again. If the record is restored, press "
            "Replay in Doctor.",
        ),
        (
            ada("pending", None, sync=sync("Pending", behind=True, blocked=FORBIDDEN, why="Not yours.")),
            "Robin sent Ada to ALC on t100. ALC accepted Ada as lead_1 and has not reported a result yet. The app may "
            "not write “Pending” to the record. Attio says: Not yours. The app tries to write it on t1200. The record "
            "shows no status until then. ALC calls the app's webhook when it has a result. If no call arrives, the app"
            " asks ALC on t1100. Allow this app's token to write people, then press Replay in Doctor.",
        ),
        (
            Facts("Ada", NOW, sync=sync("Complete"), crm_status="Complete"),
            "Ada was sent to ALC more than a year ago; the details are deleted. The record shows “Complete”. To "
            "start a chat, press Send to ALC.",
        ),
    ],
)
def test_each_state_is_explained_over_all_three_parties(facts: Facts, paragraph: str) -> None:
    """What we did, what ALC said, what the record shows, what happens next and when, and what the user can do."""
    assert told(facts) == paragraph


@pytest.fixture(scope="module")
def every_state() -> States:
    """Every combination of facts that the tables distinguish, those that never meet included, and what is told of "
    "it."""
    arrivals, records = (None, "new", "done", "failed"), (UNKNOWN, None, "Pending", "Complete", "Failed")
    blocks = ("shown", None, GONE, FORBIDDEN, REFUSED)
    return [
        (facts := state(*values), told(facts)) for values in product(STATUSES, blocks, arrivals, records, (True, False))
    ]


def state(status: str, blocked: str | None, arrival: str | None, record: str | None, is_connected: bool) -> Facts:
    """Facts in which the lead, the record, the webhook and the connection have these states."""
    is_sent, is_shown = status != "none", blocked == "shown"
    written = sync(SHOWN.get(status), behind=not is_shown, blocked=None if is_shown else blocked)
    return Facts(
        name="Ada",
        now=NOW,
        lead=lead(status, tries=1, unanswered=1) if is_sent else None,
        sync=written if is_sent else None,
        arrival=Arrival(900.0, arrival) if arrival and is_sent else None,
        is_connected=is_connected,
        crm_status=None if record == UNKNOWN else record,
        crm_is_known=record != UNKNOWN,
    )


def test_it_never_says_that_a_record_shows_what_it_does_not_show(every_state: States) -> None:
    """Whatever we, ALC and the app want: "The record shows" is followed by what the CRM has, in every state."""
    for facts, text in every_state:
        for claimed in re.findall(r"[Rr]ecord shows “(\w+)”", text):
            assert (claimed, facts.crm_is_known) == (facts.crm_status, True), text


def test_every_state_is_told_in_whole_sentences(every_state: States) -> None:
    """No gap for a fact that is not there."""
    for _, text in every_state:
        assert not re.search(r"None|[{}]|  |“”|\.\.|: \.", text), text
        assert text.endswith("."), text


def test_advice_to_connect_or_to_open_doctor_comes_with_its_page(every_state: States) -> None:
    """The page shows a link; other advice needs none."""
    for facts, text in every_state:
        pages = {"Doctor": "doctor", "onnect Acme": "connect"}
        assert explain(facts).do == next((do for word, do in pages.items() if word in text), ""), text


def test_whoever_acts_is_named() -> None:
    """The app is "the app", as on every page."""
    assert not [row.text for part in PARTS for row in part if re.search(r"\b(we|us|our)\b", row.text, re.IGNORECASE)]
