"""Finds the first thing on the wire that a correct app does differently."""

from collections.abc import Callable, Iterator, Sequence

from mock_alc.testing.wire import delivery_rules, request_rules
from mock_alc.testing.wire.drawing import Highlight
from mock_alc.testing.wire.exchange import Exchange

Rule = Callable[[Sequence[Exchange]], Iterator[Highlight]]
RULES: tuple[Rule, ...] = (
    delivery_rules.answered_wrongly,
    delivery_rules.answered_too_late,
    request_rules.sent_again_without_its_key,
    request_rules.called_before_retry_after,
    request_rules.webhooks_left_registered,
    request_rules.used_after_revocation,
)
HINTS: tuple[Rule, ...] = (request_rules.refused,)
"""What a correct app may do too, when its data is wrong. These count only if no rule finds anything."""


def diagnose(exchanges: Sequence[Exchange]) -> Highlight | None:
    """Return the first exchange that differs from what a correct app does, or None.

    What a test itself asks of the mock is not judged.
    """
    for rules in (RULES, HINTS):
        found = [difference for rule in rules for difference in rule(exchanges)]
        if found:
            return min(found, key=lambda difference: difference.index)
    return None
