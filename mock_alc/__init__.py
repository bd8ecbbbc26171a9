"""A mock of Acme Lead Checker: an OAuth server, leads, webhooks and an agent, all behind real HTTP.

`create_app` joins the rooms and is the only place that knows them all. Reading order for newcomers:
`leads_api`, `agent`, `outbox`, `delivery`; then `oauth/`. Run it with `mock-alc serve`, or in a test
with `mock_alc.server.MockAlc`.
"""

from typing import TYPE_CHECKING

from mock_alc.base.clock import Clock, utc_now

if TYPE_CHECKING:
    from flask import Flask

    from mock_alc.config import Config


def create_app(config: "Config", clock: Clock = utc_now) -> "Flask":
    """Return the WSGI application of one mock; its background work starts with `worker.start()`."""
    # Late, so that the command line can show its help before anything heavy is loaded.
    from flask import Flask

    from mock_alc import console, control, openapi
    from mock_alc.api import leads, webhooks
    from mock_alc.oauth import authorize, endpoints
    from mock_alc.provision import make_services
    from mock_alc.web import app_hooks, login

    app = Flask(__name__)
    services = make_services(config, clock)
    app.extensions["mock_alc"] = services
    app_hooks.prepare(app, config, services.secret_key)
    rooms = [
        endpoints.pages,
        authorize.pages,
        leads.api,
        webhooks.api,
        login.pages,
        console.pages,
        openapi.pages,
    ]
    if config.control:
        rooms += [control.control_api, console.backstage]
    for room in rooms:
        app.register_blueprint(room)
    app_hooks.protect_forms(app)
    return app
