"""`/_mock`: the control API (reset, tokens, faults), for programs on this machine only, not for web pages."""

from ipaddress import ip_address
from typing import Any
from uuid import uuid4

from flask import Blueprint, request
from pydantic import Field

from alc_app.mock_attio.api.auth import SCOPES, hash_token
from alc_app.mock_attio.seed.seed import reset
from alc_app.mock_attio.store.errors import AttioError, Problem, body_error
from alc_app.mock_attio.store.request_bodies import Body, parse, read_json
from alc_app.mock_attio.store.services import services
from alc_app.mock_attio.store.tables import Token

bp = Blueprint("mock", __name__, url_prefix="/_mock")

# Headers that browsers and proxies add. Their requests come from this machine too, but may act for another site.
_BROWSER_OR_PROXY = ("Origin", "Sec-Fetch-Site", "Forwarded", "X-Forwarded-For")


class NewToken(Body):
    """The body of a new token: scopes separated by spaces, possibly none."""

    scope: str


class NewFault(Body):
    """The body of a fault: writes to this record fail with `status`, `times` times or until the fault is cleared."""

    record_id: str
    status: int = Field(503, ge=400, le=599)
    times: int | None = Field(None, ge=1)


@bp.before_request
def require_local_client() -> None:
    """Raise AttioError (403) for requests from other machines, web pages or proxies."""
    remote = request.remote_addr or ""
    if not _is_loopback(remote) or any(name in request.headers for name in _BROWSER_OR_PROXY):
        raise AttioError(403, "unauthorized", "The control API is for programs on this machine only.")


@bp.post("/reset")
def reset_all() -> dict[str, Any]:
    """Reset all data to the seed: records, attributes and tokens."""
    with services().database.writing() as session:
        reset(session, services().config.status_type)
    return {}


@bp.post("/tokens")
def create_token() -> dict[str, Any]:
    """Create a token with the given scopes, to test an app with missing scopes. The token is shown only here."""
    scope = parse(NewToken, read_json(request), path=()).scope
    if unknown := sorted(set(scope.split()) - SCOPES):
        raise body_error(Problem(["scope"], f'There is no scope "{unknown[0]}".'))
    token = uuid4().hex + uuid4().hex
    with services().database.writing() as session:
        row = Token(token_hash=hash_token(token), token_id=str(uuid4()), scope=scope, created_at=services().now())
        session.add(row)
    return {"token": token, "scope": scope}


@bp.post("/faults")
def add_fault() -> dict[str, Any]:
    """Make writes to one record fail."""
    fault = parse(NewFault, read_json(request), path=())
    services().faults.add(fault.record_id, fault.status, fault.times)
    return fault.model_dump()


@bp.get("/faults/<record_id>")
def show_fault(record_id: str) -> dict[str, Any]:
    """Answer how many writes the fault of a record has failed."""
    return {"record_id": record_id, "struck": services().faults.count(record_id)}


@bp.delete("/faults/<record_id>")
def clear_fault(record_id: str) -> dict[str, Any]:
    """Remove the fault of a record."""
    services().faults.clear(record_id)
    return {}


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
