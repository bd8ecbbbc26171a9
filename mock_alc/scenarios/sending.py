"""Scenarios of sending a lead: the answer is lost, or the tokens are revoked."""

from mock_alc.scenarios.scenario import Scenario

SCENARIOS = (
    Scenario(
        "post_timeout_but_created",
        "ALC takes the lead, and the connection ends without an answer.",
        "The app finds the lead by its idempotency key, or sends it again under the same one: ALC has one lead, "
        "and the record says Complete.",
        "Complete",
        faults=({"route": "POST /api/v1/leads", "trouble": "drop", "effect": "done"},),
    ),
    Scenario(
        "token_revoked",
        "Somebody at ALC revokes the app's access: the tokens are refused, and so is a refresh.",
        "The send says that the connection has to be made anew, and nothing was sent. After that it works.",
        "Complete",
        person=("send", "reconnect", "send"),
        at_start="revoke_tokens",
    ),
)
