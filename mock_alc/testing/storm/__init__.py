"""Storm: hostile days for an integration with ALC, and the shortest day that breaks a promise.

```python
from mock_alc.testing.storm import Storm


def test_my_app_survives_a_hundred_days(mock_alc, app):
    Storm(mock_alc, click=app.send, status=app.status_of).run(days=100)
```
"""

from mock_alc.testing.storm.integration import Integration
from mock_alc.testing.storm.promises import PROMISES, Promise
from mock_alc.testing.storm.search import PromiseBroken, Storm
from mock_alc.testing.storm.story import Story

__all__ = ["PROMISES", "Integration", "Promise", "PromiseBroken", "Storm", "Story"]
