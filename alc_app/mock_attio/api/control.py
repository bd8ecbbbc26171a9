"""`/_mock`: the control door (reset, tokens, faults); it opens for this machine only, not for web pages."""

from ipaddress import ip_address
from typing import Any
from uuid import uuid4

from flask import Blueprint, request
from pydantic import Field

from alc_app.mock_attio.api.auth import SCOPES, hash_token
from alc_app.mock_attio.seed.seed import reset
from alc_app.mock_attio.store.errors import AttioError, Problem, body_error
from alc_app.mock_attio.store.request_bodies import Body, parse, read_json
from alc_app.mock_attio.store.services import crm
from alc_app.mock_attio.store.tables import Token

bp = Blueprint("mock", __name__, url_prefix="/_mock")

# What a browser or a proxy adds: such a request comes from this machine, but not from its user's own command.
_FROM_ELSEWHERE = ("Origin", "Sec-Fetch-Site", "Forwarded", "X-Forwarded-For")


class NewToken(Body):
    """The body of a new token: scopes with spaces between; a new token of Attio has none."""

    scope: str


class Trouble(Body):
    """The body of a fault: writes to this record answer with this status, so many times or until it is cleared."""

    record_id: str
    status: int = Field(503, ge=400, le=599)
    times: int | None = Field(None, ge=1)


@bp.before_request
def refuse_strangers() -> None:
    """Answer 403 to every request that was not made on this machine, directly."""
    remote = request.remote_addr or ""
    if not _is_loopback(remote) or any(name in request.headers for name in _FROM_ELSEWHERE):
        raise AttioError(403, "unauthorized", "The control door opens for programs on this machine only.")


@bp.post("/reset")
def reset_all() -> dict[str, Any]:
    """Bring the stand-in back to its seed: records, attributes, and tokens."""
    with crm().database.writing() as session:
        reset(session, crm().config.status_type)
    return {}


@bp.post("/tokens")
def create_token() -> dict[str, Any]:
    """Make a token with some scopes only, to see how an app fares with it; it is shown this once."""
    scope = parse(NewToken, read_json(request), path=()).scope
    if unknown := sorted(set(scope.split()) - SCOPES):
        raise body_error(Problem(["scope"], f'There is no scope "{unknown[0]}".'))
    token = uuid4().hex + uuid4().hex
    with crm().database.writing() as session:
        row = Token(token_hash=hash_token(token), token_id=str(uuid4()), scope=scope, created_at=crm().now())
        session.add(row)
    return {"token": token, "scope": scope}


@bp.post("/faults")
def add_fault() -> dict[str, Any]:
    """Let writes to one record fail."""
    wanted = parse(Trouble, read_json(request), path=())
    crm().faults.add(wanted.record_id, wanted.status, wanted.times)
    return wanted.model_dump()


@bp.get("/faults/<record_id>")
def show_fault(record_id: str) -> dict[str, Any]:
    """Tell how often the fault of a record has struck."""
    return {"record_id": record_id, "struck": crm().faults.struck(record_id)}


@bp.delete("/faults/<record_id>")
def clear_fault(record_id: str) -> dict[str, Any]:
    """Let writes to this record succeed again."""
    crm().faults.clear(record_id)
    return {}


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
