"""The pages over a fake workspace, as an app: for tests, and `python -m tests.support.fakes.pages_app` to look at."""

from flask import Flask
from flask_wtf import CSRFProtect

from alc_app.attio.host import trace
from alc_app.pages import blueprint, secure_headers
from tests.support.fakes.event_log import event_routes
from tests.support.fakes.scripted_actions import Stage, action_routes, connection_routes, widget_routes
from tests.support.fakes.workspace import FakeWorkspace

REQUEST_ID = "0a1b2c" + "0" * 26


def create_pages_app(workspace: FakeWorkspace, stage: Stage) -> Flask:
    """Join the pages with fakes of the routes around them."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY="only for tests", SESSION_COOKIE_NAME="pages_test", TRUSTED_HOSTS=["localhost", "127.0.0.1"]
    )
    CSRFProtect(app)
    secure_headers(app)

    @app.before_request
    def name_the_request() -> None:
        trace.begin(f"00-{REQUEST_ID}-{'b' * 16}-01")

    app.register_blueprint(blueprint(workspace, workspace.labs))
    app.register_blueprint(event_routes(workspace.events))
    app.register_blueprint(action_routes(stage))
    app.register_blueprint(connection_routes(workspace))
    app.register_blueprint(widget_routes(workspace))
    return app


if __name__ == "__main__":
    create_pages_app(FakeWorkspace(), Stage()).run(port=8140, threaded=True)
