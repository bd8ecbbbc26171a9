"""The labs, in their order: what each tells, what it does, and which lines of both sides decide it."""

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

SCRIPTS = (
    double_click.script,
    webhook_before_pending.script,
    forged_signature.script,
    replayed_delivery.script,
    crm_down.script,
    answer_lost.script,
    alc_down_on_disconnect.script,
    killed_between_two_writes.script,
)
