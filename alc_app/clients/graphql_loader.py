"""GraphQL through Attio's REST door: `run_query` answers the same with the stand-in and with the real Attio.

Attio's own GraphQL is open to its own SDK only; the executor (attio/graphql.py) needs nothing but REST's records.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from alc_app.clients import attio_api


class RestLoader:
    """Loads what a query mentions (attio/graphql.py, protocol `Loader`). Its caller has filled the slot."""

    def record(self, object_slug: str, record_id: str) -> dict[str, Any] | None:
        """One record, or None."""
        return attio_api.get_record(object_slug, record_id)

    def records(self, object_slug: str, record_ids: Sequence[str]) -> Sequence[dict[str, Any]]:
        """Those of the records that exist, in one call."""
        ids = list(record_ids)
        return attio_api.query_records(object_slug, filter={"record_id": {"$in": ids}}, limit=len(ids))

    def object(self, slug: str) -> dict[str, Any] | None:
        """An object, or None."""
        return attio_api.get_object(slug)

    def attributes(self, object_slug: str) -> Sequence[dict[str, Any]]:
        """The attributes of an object."""
        return attio_api.list_attributes(object_slug)

    def member(self, member_id: str) -> dict[str, Any] | None:
        """A member of the workspace, or None."""
        return attio_api.get_member(member_id)

    def current_user(self) -> dict[str, Any]:
        """The member who authorized our token; an app's own token has none."""
        member_id = attio_api.identify().get("authorized_by_workspace_member_id")
        nobody = {"id": {"workspace_member_id": ""}, "first_name": "", "last_name": "", "email_address": ""}
        return (member_id and attio_api.get_member(member_id)) or nobody

    def current_workspace(self) -> dict[str, Any]:
        """The workspace that our token belongs to."""
        return attio_api.identify()
