"""The sentences of an explanation, as tables. In each part, the first row that is true of the facts is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from alc_app.leads.models import FORBIDDEN, GONE, REFUSED
from alc_app.web.presenters.why.facts import Facts

Do = Literal["", "connect", "doctor"]
"""Where the user can do something about it: on the page of the connection, or in Doctor."""


@dataclass(frozen=True)
class Row:
    """A sentence, and the facts of which it is true. `{names}` are those of `Facts.values`."""

    when: Callable[[Facts], object]
    text: str
    do: Do = ""


def _is(*statuses: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.status in statuses


def _is_blocked(by: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.blocked == by


def _arrival_is(*states: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.arrival is not None and facts.arrival.state in states


SEND = (
    Row(lambda f: not f.lead and f.wanted, "{name} was sent to ALC more than a year ago; the details are deleted."),
    Row(_is("none"), "{name} has not been sent to ALC."),
    Row(lambda f: f.sender and f.status in ("sending", "not_sent"), "{sender} asked to send {name} to ALC on {sent}."),
    Row(_is("sending", "not_sent"), "Sending {name} to ALC started on {sent}."),
    Row(lambda f: f.sender, "{sender} sent {name} to ALC on {sent}."),
    Row(lambda _: True, "{name} was sent to ALC on {sent}."),
)
"""What we did."""
ALC = (
    Row(
        lambda f: f.status == "sending" and f.tries and f.lead and f.lead.unanswered,
        "ALC has not confirmed {requests}, so the app does not know yet whether ALC has {name}.",
    ),
    Row(lambda f: f.status == "sending" and f.tries, "ALC asked the app to wait, or could not be reached."),
    Row(_is("sending"), "ALC has not confirmed it yet."),
    Row(_is("pending"), "ALC accepted {name} as {lead} and has not reported a result yet."),
    Row(lambda f: f.status == "not_sent" and f.lead and f.lead.why, "The send failed. {why}"),
    Row(_is("not_sent"), "The send failed, and the page said why at that time."),
    Row(lambda f: f.status == "failed" and not f.has_result, "The chat counts as failed. {why}"),
    Row(
        lambda f: f.status == "complete" and f.lead and f.lead.occurred_at and f.lead.interest,
        "ALC finished the chat on {decided}: {interest}.",
    ),
    Row(lambda f: f.status == "complete" and f.lead and f.lead.interest, "ALC finished the chat: {interest}."),
    Row(_is("complete"), "ALC finished the chat."),
    Row(
        lambda f: f.status == "failed" and f.lead and f.lead.occurred_at and f.lead.interest,
        "ALC reported on {decided} that the chat failed: {interest}.",
    ),
    Row(_is("failed"), "ALC reported that the chat failed."),
)
"""What ALC said."""
WEBHOOK = (
    Row(
        _arrival_is("failed"),
        "Its webhook arrived on {arrived}, and the app could not process it. {arrival_why}",
    ),
    Row(_arrival_is("new", "queued"), "Its webhook arrived on {arrived} and is waiting to be processed."),
    Row(lambda f: f.arrival and f.has_result, "Its webhook arrived on {arrived}."),
)
"""How we learned of it."""
CRM = (
    Row(_is_blocked(GONE), "The app cannot write “{wanted}”: the record was deleted or merged in the CRM."),
    Row(_is_blocked(FORBIDDEN), "The app may not write “{wanted}” to the record. Attio says: {crm_why}"),
    Row(_is_blocked(REFUSED), "Attio refused to store “{wanted}”. Attio says: {crm_why}"),
    Row(lambda f: f.is_behind and f.sync and f.sync.why, "The app could not write “{wanted}” to the record. {crm_why}"),
    Row(lambda f: f.is_behind, "The app has not written “{wanted}” to the record yet."),
    Row(
        lambda f: f.wanted and not f.crm_is_known, "The app wrote “{wanted}” to the record. Attio does not answer now."
    ),
    Row(
        lambda f: f.was_changed and f.crm_status,
        "The app wrote “{wanted}” to the record, but it now shows “{crm_status}”.",
    ),
    Row(lambda f: f.was_changed, "The app wrote “{wanted}” to the record, but it now shows no status."),
    Row(lambda f: f.shows_other_lead, "The record shows “{wanted}”, from an earlier send."),
    Row(lambda f: f.wanted, "The record shows “{wanted}”."),
    Row(lambda f: f.crm_status, "The record shows “{crm_status}”, which this app did not write."),
    Row(_is("sending"), "The record shows no status until ALC has accepted {name}."),
    Row(lambda f: f.crm_is_known, "The record shows no status."),
)
"""What we have written to the record, and what it shows."""
STILL = (
    Row(lambda f: f.is_behind and f.is_there and f.crm_status, "The record shows “{crm_status}” until then."),
    Row(lambda f: f.is_behind and f.is_there, "The record shows no status until then."),
)
"""What a record shows that we have not written yet."""
NEXT = (
    Row(
        lambda f: f.status == "pending" and f.arrival and f.is_connected,
        "The app asks ALC for the result {when}.",
    ),
    Row(
        lambda f: f.status == "sending" and f.tries and f.lead and f.lead.resend_until,
        "The app sends it again {when} with the same key, so nothing is sent twice, and stops trying on {until}.",
    ),
    Row(lambda f: f.status == "sending" and f.tries, "The app asks ALC {when} whether it has {name}."),
    Row(_is("sending"), "If nothing happens, the app asks ALC {when}."),
    Row(
        lambda f: f.status == "pending" and f.is_connected,
        "ALC calls the app's webhook when it has a result. If no call arrives, the app asks ALC {when}.",
    ),
    Row(_is("pending"), "ALC is not connected, so no result can arrive."),
)
"""What happens next with ALC, and when."""
NEXT_WRITE = (
    Row(lambda f: f.is_behind and f.sync and f.sync.due_at is not None, "The app tries to write it {crm_when}."),
    Row(lambda f: f.is_behind, "The app does not try to write it again."),
)
"""What happens next with the CRM, and when."""
ADVICE = (
    Row(_arrival_is("failed"), "To process the webhook now, replay it in Doctor.", "doctor"),
    Row(_is_blocked(GONE), "If the record is restored, press Replay in Doctor.", "doctor"),
    Row(_is_blocked(FORBIDDEN), "Allow this app's token to write people, then press Replay in Doctor.", "doctor"),
    Row(
        _is_blocked(REFUSED),
        "Run alc-app setup-attio to add missing attributes, then press Replay in Doctor.",
        "doctor",
    ),
    Row(lambda f: f.was_changed, "To write “{wanted}” again, run the repairs in Doctor.", "doctor"),
    Row(
        lambda f: not f.is_connected and f.status in ("sending", "pending"),
        "Connect Acme Lead Checker to continue.",
        "connect",
    ),
    Row(
        lambda f: not f.is_connected and f.status != "complete",
        "To send {name}, connect Acme Lead Checker first.",
        "connect",
    ),
    Row(_is("sending", "pending"), "You do not need to do anything."),
    Row(lambda f: not f.has_phone, "To send {name}, add a phone number, then press Send to ALC."),
    Row(_is("not_sent", "failed"), "To try again, press Send to ALC."),
    Row(_is("none"), "To start a chat, press Send to ALC."),
    Row(lambda _: True, "Nothing more happens unless you send {name} again."),
)
"""What the user can do."""
PARTS: Sequence[Sequence[Row]] = (SEND, ALC, WEBHOOK, CRM, NEXT_WRITE, STILL, NEXT, ADVICE)
