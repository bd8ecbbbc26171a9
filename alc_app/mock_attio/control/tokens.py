"""`/_mock/tokens`: access tokens with chosen scopes, to test an integration that lacks some."""

from typing import Any
from uuid import uuid4

from flask.typing import ResponseReturnValue
from sqlmodel import delete

from alc_app.mock_attio.api.auth import ALL_SCOPES, SCOPES, hash_token
from alc_app.mock_attio.control.blueprint import control_api
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Token
from mock_alc.base.bodies import optional_json_body
from mock_alc.base.errors import invalid
from mock_alc.double.control.guard import refuse_unknown


@control_api.post("/tokens")
def create_token() -> ResponseReturnValue:
    """Create a token with the scopes in `scope`, by default all of them. The token is shown only here."""
    body = optional_json_body()
    refuse_unknown(body, ("scope",))
    scope = _scope(body.get("scope", " ".join(sorted(ALL_SCOPES))))
    token = uuid4().hex + uuid4().hex
    with services().database.writing() as session:
        row = Token(token_hash=hash_token(token), token_id=str(uuid4()), scope=scope, created_at=services().now())
        session.add(row)
    return {"token": token, "scope": scope}, 201


@control_api.delete("/tokens")
def revoke_tokens() -> ResponseReturnValue:
    """Revoke every token that was created here; the token of the settings stays."""
    with services().database.writing() as session:
        return {"revoked": session.execute(delete(Token)).rowcount}  # type: ignore[attr-defined] # a cursor has it


def _scope(scope: Any) -> str:
    if not isinstance(scope, str):
        raise invalid({"scope": "This field must be a string of scopes, separated by spaces."})
    if unknown := sorted(set(scope.split()) - SCOPES):
        raise invalid({"scope": f'There is no scope "{unknown[0]}". The scopes are: {" ".join(sorted(SCOPES))}.'})
    return scope
