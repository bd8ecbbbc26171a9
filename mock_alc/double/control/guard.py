"""Blueprints of the control API: who may call them, and how optional fields are read."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import Blueprint, request

from mock_alc.base.bodies import optional_json_body, text_problem
from mock_alc.base.errors import ApiError, error_response, invalid
from mock_alc.double.local_requests import is_from_this_machine


def control_blueprint(name: str) -> Blueprint:
    """Return a new blueprint for routes below `/_mock`, which answers this machine only."""
    blueprint = Blueprint(name, __name__, url_prefix="/_mock")
    blueprint.before_request(_only_this_machine)
    blueprint.register_error_handler(ApiError, error_response)
    return blueprint


def _only_this_machine() -> None:
    """Allow programs on this machine only. Refuse web pages, because any site could send requests from a browser."""
    if not is_from_this_machine():
        message = "The control API answers this machine only. It refuses requests that a proxy or a tunnel forwards."
        raise ApiError(403, "loopback_only", message)
    if "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise ApiError(403, "not_for_pages", "The control API does not answer web pages.")


def refuse_unknown(body: Mapping[str, Any], known: Collection[str], *, where: str = "") -> None:
    """Raise ApiError 400 that names each key of `body` that is not in `known`; `where` is put before the names.

    A key that is spelled wrong would otherwise be ignored, and the test that sends it would pass for no reason.
    """
    if unknown := [name for name in body if name not in known]:
        names = ", ".join(f"{where}{name}" for name in unknown)
        known_names = ", ".join(known) or "none"
        problems = {f"{where}{name}": f"There is no such field. The fields are: {known_names}." for name in unknown}
        raise ApiError(400, "unknown_fields", f"This body has unknown fields: {names}.", fields=problems)


def refuse_unknown_filters(*known: str) -> None:
    """Raise ApiError 422 that names each parameter of the query that is not in `known`: it would be ignored too."""
    if unknown := sorted(set(request.args) - set(known)):
        raise invalid({name: f"The filters are: {', '.join(known)}." for name in unknown})


def optional_texts(*names: str, besides: Collection[str] = ()) -> dict[str, str]:
    """Return the fields in `names` that were sent; raises ApiError 422 for one that is not text.

    Raises ApiError 400 for a field that is neither in `names` nor in `besides`.
    """
    body: dict[str, Any] = optional_json_body()
    refuse_unknown(body, (*names, *besides))
    given = {name: body[name] for name in names if body.get(name) is not None}
    wrong = {name: problem for name, value in given.items() if (problem := text_problem(value))}
    if wrong:
        raise invalid(wrong)
    return given
