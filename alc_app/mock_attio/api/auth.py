"""Access tokens (Bearer, or Basic with the token as user name) and their scopes."""

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import NAMESPACE_URL, uuid5

from flask import Request, g, request

from alc_app.mock_attio.seed.schema import stable_id
from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.services import Caller, caller, services
from alc_app.mock_attio.store.tables import Token
from alc_app.mock_attio.store.targets import TARGET_KINDS

P = ParamSpec("P")
R = TypeVar("R")

_AREAS = (
    "object_configuration",
    "record_permission",
    "list_configuration",
    "list_entry",
    "user_management",
    "note",
    "task",
    "comment",
    "webhook",
    "meeting",
    "call_recording",
    "file",
    "public_collection",
    "private_collection",
    "scim_management",
    "activity_configuration",
    "activity_record",
    "email",
    "sequence_unsubscribe",
)
SCOPES = frozenset(f"{area}:{level}" for area in _AREAS for level in ("read", "read-write"))
ALL_SCOPES = frozenset(f"{area}:read-write" for area in _AREAS)

_LENGTH = 64
_UNKNOWN = "The API Key provided could not be found. This is most commonly caused by the token having been revoked."
_WRONG_LENGTH = (
    "The API Key provided was invalid because it was the wrong length (API Keys should be 64 characters long). "
    "You might not have copied the entire API key from your Admin panel?"
)

OWN_REQUEST = "mock_attio.own_request"
"""Key of the WSGI environment, which no client can set, for what a test does as a member of the workspace.

Such a request needs no token, counts for no rate limit, has no faults, and is not recorded.
"""


def token_in(request: Request) -> str | None:
    """Return the token of the Authorization header, Bearer or Basic, or None if there is none."""
    # Werkzeug fails on Basic credentials that are not ASCII; tokens are always ASCII.
    sent = request.authorization if request.headers.get("Authorization", "").isascii() else None
    if sent is None:
        return None
    if sent.type == "bearer":
        return sent.token or None
    return (sent.username or None) if sent.type == "basic" else None


def find_caller(token: str) -> Caller | None:
    """Return the caller with this token, or None if the token is unknown."""
    digest = hash_token(token)
    if hmac.compare_digest(digest, hash_token(services().config.token)):
        return Caller(str(uuid5(NAMESPACE_URL, digest)), ALL_SCOPES)
    with services().database.reading() as session:
        known = session.get(Token, digest)
    return None if known is None else Caller(known.token_id, frozenset(known.scope.split()))


def hash_token(token: str) -> str:
    """Return the SHA-256 under which a token is stored. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


def authenticate() -> None:
    """Raise AttioError (401) without a known token; count the request for the rate limits. Runs before each view."""
    if OWN_REQUEST in request.environ:
        g.caller = Caller(stable_id("members/Robin"), ALL_SCOPES, "workspace-member")
        return
    token = token_in(request)
    found = None if token is None else find_caller(token)
    if found is None:
        raise AttioError(401, "unauthorized", _UNKNOWN if token is None or len(token) == _LENGTH else _WRONG_LENGTH)
    g.caller = found
    services().limits.admit(_kind_of(request))


def requires(*scopes: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require all of these scopes for a view; `:read-write` includes `:read`."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            check_scopes(*scopes)
            return view(*args, **kwargs)

        return guarded

    return decorate


def requires_configuration(level: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Require the scope of the configuration that the path names: `objects` or `lists`, as its part `target`."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            noun = TARGET_KINDS[str(kwargs["target"])].noun
            check_scopes(f"{noun}_configuration:{level}")
            return view(*args, **kwargs)

        return guarded

    return decorate


def check_scopes(*scopes: str) -> None:
    """Raise AttioError (403) unless the caller's token has all of these scopes."""
    granted = caller().scope
    for scope in scopes:
        if scope not in granted and f"{scope.partition(':')[0]}:read-write" not in granted:
            raise AttioError(403, "unauthorized", f'This token lacks the scope "{scope}". Grant it in Attio.')


def _kind_of(request: Request) -> str:
    is_read = request.method in {"GET", "HEAD"} or request.path.endswith(("/query", "/search", "/graphql"))
    return "read" if is_read else "write"
