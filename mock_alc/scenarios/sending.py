"""Scenarios of sending a lead: the answer is lost, or the tokens are revoked."""

from mock_alc.scenarios.scenario import Scenario

SCENARIOS = (
    Scenario(
        "post_timeout_but_created",
        "ALC takes the lead, and the connection ends without an answer.",
        "The app finds the lead by its idempotency key, or sends it again with the same key. ALC has one lead, and "
        "the record says Complete.",
        "Complete",
        faults=({"route": "POST /api/v1/leads", "trouble": "drop", "effect": "done"},),
    ),
    Scenario(
        "token_revoked",
        "ALC revokes the app's access. It refuses the tokens, and a refresh too.",
        "The app says that the person was not sent and ALC must be connected again. After reconnecting, it works.",
        "Complete",
        person=("send", "reconnect", "send"),
        at_start="revoke_tokens",
    ),
)
