"""The WSGI application: routes, error handlers, CORS headers and the seeded database."""

import logging
from uuid import uuid4

from flask import Flask, Response, request

from alc_app.attio.host import trace
from alc_app.mock_attio.api import (
    attributes,
    choices,
    entries,
    graphql,
    lists,
    members,
    notes,
    objects,
    records,
    search,
    tasks,
    token_info,
    webhooks,
)
from alc_app.mock_attio.api.auth import authenticate
from alc_app.mock_attio.api.fault_answers import alter_response, inject_fault, record_request, record_response
from alc_app.mock_attio.api.operations import add_missing_operations
from alc_app.mock_attio.api.path_ids import check_ids
from alc_app.mock_attio.control import control_api
from alc_app.mock_attio.seed.seed import seed_if_empty
from alc_app.mock_attio.store import errors
from alc_app.mock_attio.store.config import MockAttioConfig
from alc_app.mock_attio.store.errors import AttioError
from alc_app.mock_attio.store.request_bodies import MAX_BODY, check_text
from alc_app.mock_attio.store.services import make_services
from mock_alc.double.control import shared_api
from mock_alc.double.local_requests import is_to_this_machine

logger = logging.getLogger(__name__)

_AUTHENTICATED = (
    objects, attributes, choices, records, search, members, webhooks, notes, tasks, lists, entries,
)  # fmt: skip
_OTHERS = (graphql, token_info)
for _module in _AUTHENTICATED:
    _module.bp.before_request(authenticate)
    _module.bp.before_request(check_ids)


def create_app(config: MockAttioConfig) -> Flask:
    """Return the stand-in as a WSGI application. Create and seed its database if it is new."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined] # Flask's own provider has it
    app.url_map.merge_slashes = False  # Attio does not redirect
    services = app.extensions["mock_attio"] = app.extensions["double"] = make_services(config)
    with services.database.writing() as session:
        services.database.create_tables(session)
        seed_if_empty(session, config.status_type, demo=config.seeded)
    app.wsgi_app = trace.traced(app.wsgi_app)  # type: ignore[assignment,method-assign] # Flask's own way to wrap
    errors.register(app)
    app.before_request(_read_whole_request)
    app.after_request(_finish)
    app.add_url_rule("/healthz", view_func=_healthz)
    for module in (*_AUTHENTICATED, *_OTHERS):
        app.register_blueprint(module.bp)
    add_missing_operations(app)
    if config.control:
        _open_control(app)
    return app


def _open_control(app: Flask) -> None:
    """Open `/_mock`, and do what it asks for: record requests and inject faults."""
    app.before_request(_refuse_other_names)
    app.before_request(record_request)
    app.before_request(inject_fault)
    app.after_request(record_response)
    app.after_request(alter_response)  # Flask runs these in reverse order: the last status is recorded
    app.register_blueprint(control_api)
    app.register_blueprint(shared_api)


def _read_whole_request() -> Response | None:
    """Read the body, so that one that is too large is refused on every route; refuse NUL in the URL."""
    request.get_data()
    check_text(request.path, [])
    check_text(request.query_string.decode("latin-1").replace("%00", "\0"), [])
    return Response(status=204) if request.method == "OPTIONS" else None


def _refuse_other_names() -> None:
    """Refuse calls of the control API by a name that is not of this machine: they come from a web page."""
    if request.path.startswith("/_mock/") and not is_to_this_machine():
        raise AttioError(403, "not_for_pages", "The control API answers at names of this machine only.")


def _finish(response: Response) -> Response:
    logger.debug("%s %s %s", request.method, request.path, response.status_code)
    response.headers["x-attio-execution-id"] = str(uuid4())
    if not request.path.startswith("/_mock/"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "authorization, content-type"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"
        response.headers["Access-Control-Expose-Headers"] = "x-attio-execution-id, retry-after"
    return response


def _healthz() -> dict[str, str]:
    return {"status": "ok"}
