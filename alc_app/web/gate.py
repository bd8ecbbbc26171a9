"""The gate: before each request, who sends it, and may they (who_may.py)? Streams are asked again and again."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from functools import partial
from urllib.parse import quote

from flask import Flask, Request, Response, abort, redirect, request, session
from flask.typing import ResponseReturnValue

from alc_app.runtime.routes.browser import HOME, own_path
from alc_app.runtime.routes.sign_in import SESSION
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import Person, act_for, current_person
from alc_app.runtime.sign_in.proxy import ISSUER, PEER
from alc_app.runtime.sign_in.roles import NotInvited
from alc_app.web.who_may import ACCESS, role_may

SIGNED_OUT = "You are signed out."
NOT_NAMED = "The proxy in front of this app did not identify you."
ADMINS_ONLY = "Only an admin can do this. As a member, you can see people, send them, and run workflows for them."
OWN_ACCESS = ("anyone", "signed", "token")
"""Routes for which nobody has to sign in: they ask for nothing, or for a signature or a token of their own."""
STREAMS = ("text/event-stream", "application/x-ndjson")
_VERSION = re.compile(r"^/assets/[0-9a-f]+/")
log = logging.getLogger(__name__)


class Gate:
    """Lets requests in, or not."""

    def __init__(self, services: Services) -> None:
        """Ask these services who somebody is."""
        self._services = services
        self._auth = services.config.auth

    def protect(self, app: Flask) -> None:
        """Check each request to the app before anything else does, and each line of its streams."""
        app.before_request(self._check)
        app.after_request(self._watch_stream)
        app.teardown_request(lambda _error: act_for(None))

    def note_actions(self, app: Flask) -> None:
        """Store who asks for a change. Call it after the CSRF protection, so that a forged request is not theirs."""

        @app.before_request
        def note() -> None:
            person, route = current_person(), route_of(request)
            if person and route and request.method == "POST":  # else nothing is done, and no form token was checked
                log.info("%s (%s): %s", person.name, person.email, request.path, extra={"person_id": person.id})
                self._services.people.note_action(person, route, request.path)

    def may(self, route: str) -> bool:
        """Tell whether the person of this request may use a route, for what a page shows."""
        person = current_person()
        return self._auth == "none" or (person is not None and role_may(person.role, route))

    def _check(self) -> ResponseReturnValue | None:
        route = route_of(request)
        if self._auth == "none" or (route and ACCESS[route] in OWN_ACCESS):
            return None
        person = self._person()
        if person is None:
            return self._sign_in_first()
        act_for(person)
        if route and not role_may(person.role, route):
            abort(403, ADMINS_ONLY)
        return None

    def _person(self) -> Person | None:
        """Return who sends this request, or None. Aborts if it is somebody without a role."""
        if self._auth == "oidc":
            by_hand = request.method != "GET" or "text/html" in request.accept_mimetypes.values()
            return self._services.sessions.person(session.get(SESSION, ""), used=by_hand)
        claims = self._services.proxies.claims(request.headers, request.environ[PEER])
        if claims is None:
            return None
        try:
            person = self._services.roles.person(ISSUER, claims)
        except NotInvited as error:
            abort(403, str(error))
        if self._services.people.find(person.id) != person:
            self._services.people.save(person)
        return person

    def _sign_in_first(self) -> ResponseReturnValue:
        """Lead a browser to the sign-in and back to the page that it wants. Scripts get 401 with a sentence."""
        if self._auth == "proxy":
            abort(401, NOT_NAMED)
        if not _wants_page():
            abort(401, SIGNED_OUT)
        may_return = request.method == "GET" and not request.path.endswith("/callback")  # its code is nothing to keep
        wanted = own_path(request.full_path.rstrip("?")) if may_return else HOME
        return redirect(f"/sign-in?return_to={quote(wanted)}", 303)

    def _watch_stream(self, response: Response) -> Response:
        if current_person() and self._auth == "oidc" and response.mimetype in STREAMS:
            is_signed_in = partial(self._services.sessions.person, session[SESSION])
            response.response = _while(is_signed_in, response.response)  # type: ignore[assignment]  # as WSGI allows
        return response


def _wants_page() -> bool:
    """Tell whether a page is asked for, by a browser or by something like curl, and not data."""
    if request.method in ("GET", "HEAD"):
        return request.accept_mimetypes.accept_html and not request.path.endswith((".json", "/events"))
    return "text/html" in request.accept_mimetypes.values()


def route_of(asked: Request) -> str | None:
    """Return the request's key in the table of who may; None if there is no such route."""
    if asked.url_rule is None:
        return None
    method = "GET" if asked.method == "HEAD" else asked.method
    return f"{method} {_VERSION.sub('/assets/', asked.url_rule.rule)}"


def _while(is_signed_in: partial[Person | None], body: Iterable[str | bytes]) -> Iterator[str | bytes]:
    """Yield a stream's lines until the person is signed out. Whatever comes after that is not sent."""
    try:
        for line in body:
            if is_signed_in() is None:
                return
            yield line
    finally:
        if hasattr(body, "close"):
            body.close()
