"""Named scenarios: each says what ALC does, what the person does, and the end state of a correct app.

`verdicts`, `deliveries`, `sending` and `webhooks` define them; `runner` runs them.
"""

from mock_alc.scenarios import deliveries, sending, verdicts, webhooks
from mock_alc.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (*verdicts.SCENARIOS, *deliveries.SCENARIOS, *sending.SCENARIOS, *webhooks.SCENARIOS)
}
RECEIVER_STORIES = tuple(name for name, scenario in SCENARIOS.items() if scenario.suits_receiver_alone)
"""The names of those that a receiver of webhooks can play alone."""
