"""`/v2/workspace_members`: the users of the workspace, read-only."""

from typing import Any

from flask import Blueprint

from alc_app.mock_attio.api.auth import requires
from alc_app.mock_attio.store.errors import not_found
from alc_app.mock_attio.store.schema_lookup import as_uuid, find_members, find_workspace
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Workspace, WorkspaceMember

Json = dict[str, Any]

bp = Blueprint("members", __name__, url_prefix="/v2/workspace_members")


def member_json(workspace: Workspace, member: WorkspaceMember) -> Json:
    """Return a member as JSON in the API's shape."""
    ids = {"workspace_id": workspace.workspace_id, "workspace_member_id": member.workspace_member_id}
    return {
        "id": ids,
        **member.model_dump(exclude={"workspace_member_id"}),
        "avatar_url": None,
    }


@bp.get("")
@requires("user_management:read")
def list_members() -> Json:
    """Answer all members."""
    with services().database.reading() as session:
        workspace = find_workspace(session)
        return {"data": [member_json(workspace, member) for member in find_members(session)]}


@bp.get("/<member_id>")
@requires("user_management:read")
def get_member(member_id: str) -> Json:
    """Answer one member."""
    with services().database.reading() as session:
        found = session.get(WorkspaceMember, as_uuid(member_id) or "")
        if found is None:
            raise not_found(f'Workspace member with ID "{member_id}" not found.')
        return {"data": member_json(find_workspace(session), found)}
