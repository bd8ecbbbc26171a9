"""Options and statuses as JSON, for their own endpoints and inside the values of records."""

from typing import Any

from alc_app.mock_attio.store.schema_lookup import Schema
from alc_app.mock_attio.store.tables import Attribute, Choice


def attribute_id_json(schema: Schema, attribute: Attribute) -> dict[str, str]:
    """Return the id of an attribute: workspace, object and attribute, as Attio nests them."""
    return {
        "workspace_id": schema.workspace.workspace_id,
        "object_id": schema.target_id,
        "attribute_id": attribute.attribute_id,
    }


def choice_json(schema: Schema, attribute: Attribute, choice: Choice) -> dict[str, Any]:
    """Return an option or a status as JSON, depending on the type of its attribute."""
    ids = attribute_id_json(schema, attribute)
    shown: dict[str, Any] = {"title": choice.title, "is_archived": choice.is_archived}
    if attribute.type == "select":
        return {"id": ids | {"option_id": choice.choice_id}, **shown}
    return {
        "id": ids | {"status_id": choice.choice_id},
        **shown,
        "celebration_enabled": choice.celebration_enabled,
        "target_time_in_status": choice.target_time_in_status,
    }
