"""Locks of leads and their records."""

from typing import Any

from sqlalchemy import event

from alc_app.leads import sends
from alc_app.leads.models import lock_lead
from tests.support.fakes.runtime import FakeRuntime

RECORD = "11111111-1111-4111-8111-111111111111"


def test_a_lead_is_read_once_when_it_is_locked(runtime: FakeRuntime) -> None:
    """Each result locks its lead, so one statement more is one more for each result."""
    lead_id, statements = sends.open_send(RECORD).id, []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with runtime.transaction() as session:
        event.listen(session.connection(), "before_cursor_execute", note)
        assert lock_lead(session, lead_id).record_id == RECORD

    assert len(statements) == 2, "the lead, and its record"
