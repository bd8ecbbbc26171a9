"""A mock of Acme Lead Checker (ALC): an OAuth server, leads, webhooks and an SMS agent, over real HTTP.

Good files to begin reading: `api/leads.py`, `leads/agent.py`, `webhooks/outbox.py`, `webhooks/delivery.py`, `oauth/`.
Run it with `mock-alc serve`, or in a test with `mock_alc.server.MockAlc`.
"""

from typing import TYPE_CHECKING

from mock_alc.base.clock import Clock, utc_now

if TYPE_CHECKING:
    from flask import Flask

    from mock_alc.config import Config


def create_app(config: "Config", clock: Clock = utc_now) -> "Flask":
    """Return the Flask application of a mock.

    Its background work starts with `app.extensions["mock_alc"].worker.start()`.
    """
    # Late, so that `mock-alc --help` need not import Flask.
    from flask import Flask

    from mock_alc import console, control, openapi
    from mock_alc.api import leads, webhooks
    from mock_alc.double.control import shared_api
    from mock_alc.oauth import authorize, endpoints
    from mock_alc.provision import make_services
    from mock_alc.web import app_hooks, login

    app = Flask(__name__)
    services = make_services(config, clock)
    app.extensions["mock_alc"] = app.extensions["double"] = services
    app_hooks.configure(app, config, services.secret_key)
    blueprints = [
        endpoints.pages,
        authorize.pages,
        leads.api,
        webhooks.api,
        login.pages,
        console.pages,
        openapi.pages,
    ]
    if config.control:
        blueprints += [control.control_api, shared_api, console.backstage]
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app_hooks.protect_forms(app)
    return app
