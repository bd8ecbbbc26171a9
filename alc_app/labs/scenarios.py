"""The eight labs in their order."""

from alc_app.labs import (
    alc_down_on_disconnect,
    answer_lost,
    crm_down,
    double_click,
    forged_signature,
    killed_between_two_writes,
    replayed_delivery,
    webhook_before_pending,
)

SCENARIOS = (
    double_click.scenario,
    webhook_before_pending.scenario,
    forged_signature.scenario,
    replayed_delivery.scenario,
    crm_down.scenario,
    answer_lost.scenario,
    alc_down_on_disconnect.scenario,
    killed_between_two_writes.scenario,
)
