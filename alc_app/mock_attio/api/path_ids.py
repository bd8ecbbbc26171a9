"""Ids in paths: where Attio's document says that one is a UUID, anything else is a 400, and not a 404."""

from flask import request

from alc_app.mock_attio.store.errors import Problem, path_params_error
from alc_app.mock_attio.store.schema_lookup import as_uuid

_NAMES = {name: name for name in ("record_id", "entry_id", "note_id", "task_id", "webhook_id")}
_NAMES |= {"member_id": "workspace_member_id"}
_ANY_TEXT = {
    ("PATCH", "record_id"), ("PUT", "record_id"), ("DELETE", "record_id"), ("PATCH", "entry_id"), ("PUT", "entry_id"),
}  # fmt: skip
"""Where the document does not say so."""


def check_ids() -> None:
    """Raise AttioError (400) for an id in the path that is no UUID. Runs before each view."""
    given = request.view_args or {}
    wrong = [
        Problem([_NAMES[name]], "Invalid uuid", "invalid_string")
        for name, value in given.items()
        if name in _NAMES and as_uuid(value) is None and (request.method, name) not in _ANY_TEXT
    ]
    if wrong:
        raise path_params_error(*wrong)
