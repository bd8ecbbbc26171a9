"""The servers beside which intake is measured, as `python -m tests.soak.intake.servers KIND PORT`.

All but the tutorial's have the Flask, the waitress and the signature check of the app. `INTAKE_SECRET` is the secret
that signs, `INTAKE_DATABASE` the URL of a database, `INTAKE_CRM` the origin that the tutorial's handler writes to.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
import waitress
from flask import Flask, Response, request
from sqlmodel import Session

from alc_app.cli import serve
from alc_app.runtime.migrations.schema import Schema
from alc_app.runtime.signatures import standard_webhooks
from alc_app.runtime.storage.database import Database
from alc_app.runtime.storage.tables import Delivery

CRM_SECONDS = 0.05
"""How long the CRM takes to answer."""


def verifying() -> Flask:
    """Verify a delivery, and store nothing."""
    app = Flask("verifying")

    @app.post("/hooks/<handler_id>")
    def receive(handler_id: str) -> Response:
        del handler_id
        _verify()
        return Response(status=200)

    return app


def storing() -> Flask:
    """Verify a delivery, and store it by a session of its own, as the documentation of SQLModel shows."""
    app, database = Flask("storing"), Database(os.environ["INTAKE_DATABASE"])
    Schema(database, "inbox").migrate()

    @app.post("/hooks/<handler_id>")
    def receive(handler_id: str) -> Response:
        webhook_id, body, now = _verify(), request.get_data(), time.time()
        row = Delivery(handler_id=handler_id, webhook_id=webhook_id, body=body, digest="", received_at=now, state="new")
        with Session(database.engine) as session:
            session.add(row)
            session.commit()
        return Response(status=200)

    return app


def tutorial() -> Flask:
    """Do what the tutorial's `lead-processed.webhook.ts` does: write to the CRM, then answer."""
    app = Flask("tutorial")

    @app.post("/hooks/<handler_id>")
    def receive(handler_id: str) -> Response:
        del handler_id
        body = request.get_json()
        values = {"alc_status": [{"value": body["status"]}]}
        url = f"{os.environ['INTAKE_CRM']}/v2/objects/people/records/{body['record_id']}"
        requests.patch(url, json={"data": {"values": values}}, timeout=30)
        return Response(status=200)

    return app


class Crm(BaseHTTPRequestHandler):
    """A CRM that takes every write, a while later."""

    protocol_version = "HTTP/1.1"

    def do_PATCH(self) -> None:
        """Answer 200."""
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(CRM_SECONDS)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _verify() -> str:
    return standard_webhooks.verify([os.environ["INTAKE_SECRET"]], request.headers, request.get_data(), now=time.time())


def main(kind: str, port: int) -> None:
    """Serve until the process is ended."""
    if kind == "crm":
        ThreadingHTTPServer(("127.0.0.1", port), Crm).serve_forever()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of each request that waits for a thread
    app = {"verifying": verifying, "storing": storing}[kind]()
    waitress.serve(app, host="127.0.0.1", port=port, threads=serve.THREADS, asyncore_use_poll=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
