"""Stories by name: each says what ALC does, what the person does, and how it ends for an app that is correct.

`verdicts`, `deliveries`, `sending` and `webhooks` tell them; `runner` plays them.
"""

from mock_alc.scenarios import deliveries, sending, verdicts, webhooks
from mock_alc.scenarios.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (*verdicts.SCENARIOS, *deliveries.SCENARIOS, *sending.SCENARIOS, *webhooks.SCENARIOS)
}
