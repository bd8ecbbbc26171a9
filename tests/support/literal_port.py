"""The tutorial's webhook handler in Flask, translated line by line, without what our app corrects."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import make_server


def literal_port(patch: Any = lambda _record_id, _status: None) -> Flask:
    """Create the Flask app. TUTORIAL: lead-processed.webhook.ts. `patch` replaces its PATCH to Attio."""
    app = Flask(__name__)
    app.logger.disabled = True

    @app.post("/hook")
    def lead_processed_webhook() -> Response:
        body = request.get_json(force=True)

        record_id = body["record_id"] if isinstance(body, dict) and "record_id" in body else None
        status = body["status"] if isinstance(body, dict) and "status" in body else None

        if not record_id or not status:
            return Response("Bad Request", status=400)

        patch(record_id, status)

        return Response(None, status=200)

    @app.errorhandler(400)
    def threw(_error: object) -> Response:
        """Answer 500: in TypeScript `await req.json()` throws, and Attio answers for the handler."""
        return Response("Internal Server Error", status=500)

    return app


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve the app on a free port, and yield its origin."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
