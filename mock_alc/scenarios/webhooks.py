"""Scenarios of the webhook itself: registering it, deleting it, and its expiry."""

from typing import Any

from mock_alc.scenarios.scenario import TEN_YEARS, Scenario, Step

REGISTER, UNREGISTER = "POST /api/v1/webhooks", "DELETE /api/v1/webhooks/{id}"
CONNECTS_ANEW: tuple[Step, ...] = ("disconnect", "connect", "connect", "send")
TWO_HOURS = 7_200.0


def _register(name: str, does: str, ends: str, **fault: Any) -> Scenario:
    """Return a scenario in which registering the webhook fails; the person then connects again and sends a lead."""
    faults = ({"route": REGISTER, **fault},)
    return Scenario(name, does, ends, "Complete", person=CONNECTS_ANEW, faults=faults)


def _unregister(name: str, does: str, ends: str, **fault: Any) -> Scenario:
    """Return a scenario in which deleting the webhook fails while the person disconnects."""
    return Scenario(name, does, ends, None, person=("disconnect",), faults=({"route": UNREGISTER, **fault},), leads=0)


REFUSES = "The app says why it could not connect, and leaves no webhook at ALC. Connecting again works."
SCENARIOS = (
    _register("register_500", "ALC answers 500 to the new webhook.", REFUSES, answer={"status": 500}),
    _register(
        "register_timeout", "ALC does not register the webhook, and drops the connection.", REFUSES, trouble="drop"
    ),
    _register(
        "register_ok_response_lost",
        "ALC registers the webhook, and the answer is lost.",
        "The app adopts or deletes that webhook. In the end ALC has one webhook, and it works.",
        trouble="drop",
        effect="done",
    ),
    _register(
        "webhook_limit",
        "ALC refuses the webhook, because the account has reached its limit.",
        "The app cannot connect, and shows ALC's reason. Connecting works once there is room.",
        answer={
            "status": 403,
            "body": {
                "error": {
                    "code": "webhook_limit",
                    "message": "This account has reached its limit of webhooks. Delete one first.",
                }
            },
        },
    ),
    _unregister(
        "unregister_404",
        "ALC deletes the webhook, and answers that there was none.",
        "A missing webhook counts as deleted: the disconnect completes at once.",
        effect="done",
        answer={"status": 404},
    ),
    _unregister(
        "unregister_500",
        "ALC answers 500 to the deletion of the webhook, twice, and does not delete it.",
        "The person is disconnected at once. The app retries until ALC has none of its webhooks.",
        times=2,
        answer={"status": 500},
    ),
    Scenario(
        "after_disconnect",
        "ALC sends the result to a webhook that the app has deleted.",
        "The app answers that the webhook is gone, and does not write to the record, which still says Pending.",
        "Pending",
        lambda context: context.postpone_decision(TEN_YEARS),
        ("send", "disconnect"),
        ({"delivery": "lead.processed", "trouble": "to_deleted", "times": None},),
        delivers_to_deleted_webhook=True,
    ),
    Scenario(
        "expiring_subscription",
        "The webhook expires after an hour. The agent decides an hour later, so ALC delivers nothing.",
        "The app refreshes the webhook in time, or asks ALC about the lead. The record says Complete.",
        "Complete",
        lambda context: context.postpone_decision(TWO_HOURS),
        at_start="expire_webhooks",
    ),
)
