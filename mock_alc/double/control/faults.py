"""`/_mock/faults`: set, list and remove faults."""

from difflib import get_close_matches

from flask import current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from mock_alc.base.bodies import json_body
from mock_alc.base.errors import invalid, not_found
from mock_alc.double.control.shared import shared_api
from mock_alc.double.fault import Fault, FaultRefused, read_fault
from mock_alc.double.services import double

NEAREST = 8
"""How many routes are named to somebody who misspelt one."""


@shared_api.post("/faults")
def add_fault() -> ResponseReturnValue:
    """Set one fault; the answer has its id and how often it will still be applied."""
    try:
        fault = read_fault(json_body())
        double().faults.check(fault)
    except FaultRefused as refusal:
        raise invalid(refusal.fields) from refusal
    _check_route_exists(fault)
    return double().faults.add(fault), 201


@shared_api.get("/faults")
def list_faults() -> ResponseReturnValue:
    """List the faults, used-up ones included; `struck` is how often each was applied, `left` how often it will be."""
    return {"faults": double().faults.listed()}


@shared_api.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    """Remove all faults, and release the answers that they delay."""
    return {"cleared": double().faults.clear(), "faults": []}


@shared_api.delete("/faults/<fault_id>")
def clear_fault(fault_id: str) -> ResponseReturnValue:
    """Remove one fault."""
    if not double().faults.clear(fault_id):
        raise not_found("fault")
    return {"cleared": 1, "faults": double().faults.listed()}


def _check_route_exists(fault: Fault) -> None:
    """Raise ApiError 422 for a route that does not exist: a fault with a typo would never apply, unnoticed."""
    if fault.route is None:
        return
    method, _, path = fault.route.partition(" ")
    urls = current_app.url_map.bind(request.host)
    try:
        urls.match(path, method="GET" if method == "*" else method)
    except RequestRedirect:
        return
    except HTTPException as problem:
        if method == "*" and problem.code == 405:
            return
        rules = [rule for rule in current_app.url_map.iter_rules() if rule.rule.startswith(double().faults.paths)]
        known = [f"{verb} {rule.rule}" for rule in rules for verb in (rule.methods or set()) - {"HEAD", "OPTIONS"}]
        nearest = ", ".join(get_close_matches(fault.route, sorted(known), n=NEAREST, cutoff=0))
        raise invalid({"route": f"There is no route {fault.route}. The nearest are: {nearest}."}) from problem
