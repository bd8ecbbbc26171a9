"""`GET /v2/self`: describe the token, similar to RFC 7662. It never answers 401."""

import re
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from flask import Blueprint, request

from alc_app.mock_attio.api.auth import find_caller, token_in
from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.schema_lookup import find_members, find_workspace
from alc_app.mock_attio.store.services import services

_LIKE_A_TOKEN = re.compile(r"[0-9a-f]{64}", re.ASCII | re.IGNORECASE)

bp = Blueprint("self", __name__, url_prefix="/v2/self")


@bp.get("")
def identify() -> dict[str, Any]:
    """Describe the token of the request; answer `{"active": false}` for an unknown token of the right form."""
    services().limits.admit("read")
    token = token_in(request)
    found = None if token is None else find_caller(token)
    if found is None and (token is None or not _LIKE_A_TOKEN.fullmatch(token)):
        message = "Token was not recognised. Send an access token in the Authorization header."
        raise AttioError(400, "missing_value", message)
    if found is None:
        return {"active": False}
    client_id = str(uuid5(NAMESPACE_URL, found.token_id))
    with services().database.reading() as session:
        workspace, owner = find_workspace(session), find_members(session)[0]
    return {
        "active": True,
        "scope": " ".join(sorted(found.scope)),
        "client_id": client_id,
        "token_type": "Bearer",
        "exp": None,
        "iat": int(datetime.fromisoformat(workspace.created_at).timestamp()),
        "sub": workspace.workspace_id,
        "aud": client_id,
        "iss": "attio.com",
        "token_level": "workspace",
        "workspace_id": workspace.workspace_id,
        "workspace_name": workspace.name,
        "workspace_slug": workspace.slug,
        "workspace_logo_url": None,
        "authorized_by_workspace_member_id": owner.workspace_member_id,
    }
