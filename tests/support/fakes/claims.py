"""What has become of a claim to write a record."""

from __future__ import annotations

from alc_app.attio.host.context import current
from alc_app.leads.models import lock_record
from alc_app.leads.record_sync import Claim


def let_go(claimed: Claim | None) -> str | None:
    """Give a claim back, as if its run had died long ago: the record is due. Return the record."""
    if claimed is None:
        return None
    with current().transaction() as session:
        lock_record(session, claimed.record_id).writer = None
    return claimed.record_id
