"""Load what a GraphQL query asks for from Attio's REST API, of the stand-in or of the real Attio.

Attio's own GraphQL is open to its own SDK only. Our executor (attio/graphql.py) works on records as REST returns them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alc_app.attio.host.context import current
from alc_app.clients import attio_api


def execute(query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Execute a query over REST. App code's context must be `running`. Raises: AttioApiError."""
    from alc_app.attio import graphql  # late: graphql-core is needed by the first click, not by the first page

    return graphql.execute(query, variables, RestLoader())


class RestLoader:
    """The executor's `Loader` over REST. App code calls it, so a runtime must be `running`."""

    def record(self, object_slug: str, record_id: str) -> dict[str, Any] | None:
        """Return one record, or None."""
        return attio_api.get_record(object_slug, record_id)

    def records(self, object_slug: str, record_ids: Sequence[str]) -> Sequence[dict[str, Any]]:
        """Return those of the records that exist, with one call."""
        ids = list(record_ids)
        return attio_api.query_records(object_slug, filter={"record_id": {"$in": ids}}, limit=len(ids))

    def object(self, slug: str) -> dict[str, Any] | None:
        """Return an object, or None."""
        return attio_api.get_object(slug)

    def attributes(self, object_slug: str) -> Sequence[dict[str, Any]]:
        """Return the attributes of an object."""
        return attio_api.list_attributes(object_slug)

    def member(self, member_id: str) -> dict[str, Any] | None:
        """Return a member of the workspace, or None."""
        return attio_api.get_member(member_id)

    def current_user(self) -> dict[str, Any]:
        """Return the user who has signed in; without a sign-in the member who authorized our token.

        An app's own token has none: then the fields are empty.
        """
        if user := current().current_user:
            return _member(user.id, user.name, user.email)
        member_id = attio_api.identify().get("authorized_by_workspace_member_id")
        return (member_id and attio_api.get_member(member_id)) or _member("", "", "")

    def current_workspace(self) -> dict[str, Any]:
        """Return the workspace of our token."""
        return attio_api.identify()


def _member(user_id: str, name: str, email: str) -> dict[str, Any]:
    """Return a user as REST shows a member."""
    first_name, _, last_name = name.partition(" ")
    return {
        "id": {"workspace_member_id": user_id},
        "first_name": first_name,
        "last_name": last_name,
        "email_address": email,
    }
