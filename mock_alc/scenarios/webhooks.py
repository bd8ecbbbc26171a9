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


REFUSES = "The connection is refused with the reason, and leaves nothing at ALC. Connecting again works."
SCENARIOS = (
    _register("register_500", "The registration of the webhook is answered 500.", REFUSES, answer={"status": 500}),
    _register(
        "register_timeout", "The registration of the webhook is never answered, and not done.", REFUSES, trouble="drop"
    ),
    _register(
        "register_ok_response_lost",
        "The webhook is registered, and the answer is lost.",
        "The app adopts the webhook, or deletes it: in the end ALC has one, and it works.",
        trouble="drop",
        effect="done",
    ),
    _register(
        "webhook_limit",
        "ALC refuses the webhook: the account has as many as it may have.",
        "The connection is refused, and the person reads ALC's reason. With room made, connecting again works.",
        answer={
            "status": 403,
            "body": {
                "error": {"code": "webhook_limit", "message": "This account has as many webhooks as it may have."}
            },
        },
    ),
    _unregister(
        "unregister_404",
        "The webhook is deleted, and the answer says that there was none.",
        "What is gone counts as deleted: the disconnect is complete at once.",
        effect="done",
        answer={"status": 404},
    ),
    _unregister(
        "unregister_500",
        "Twice the deletion of the webhook is answered 500, and not done.",
        "The person is disconnected at once, and the app tries until ALC has no webhook of its own.",
        times=2,
        answer={"status": 500},
    ),
    Scenario(
        "after_disconnect",
        "ALC sends the verdict to a webhook that the app has deleted.",
        "The address says that it is gone, and the record is not written: it still says Pending.",
        "Pending",
        lambda context: context.postpone_decision(TEN_YEARS),
        ("send", "disconnect"),
        ({"delivery": "lead.processed", "trouble": "to_deleted", "times": None},),
        delivers_to_deleted_webhook=True,
    ),
    Scenario(
        "expiring_subscription",
        "The webhook expires after an hour, and the agent decides an hour later: nothing is delivered.",
        "The app has refreshed the webhook, or asks ALC about the lead: the record says Complete.",
        "Complete",
        lambda context: context.postpone_decision(TWO_HOURS),
        at_start="expire_webhooks",
    ),
)
