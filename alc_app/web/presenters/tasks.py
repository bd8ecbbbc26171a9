"""Tasks about a person, as their page shows them."""

from __future__ import annotations

from collections.abc import Sequence

from alc_app.clients.attio_tasks import tasks_about
from alc_app.pages import CrmUnavailable
from alc_app.pages.view_models import TaskView
from alc_app.runtime.services import Services
from alc_app.web.crm_reading import reading

SHOWN = 10


def tasks_of(services: Services, record_id: str) -> Sequence[TaskView]:
    """Return the newest tasks about a person; none while Attio does not tell: its token may have no scope for tasks."""
    try:
        with reading(services):
            found = tasks_about("people", record_id, limit=SHOWN)
    except CrmUnavailable:
        return ()
    return [TaskView(task.content, task.is_completed, task.created_at) for task in found]
