"""Calls the control API and the public API of a running mock; errors become ClickException."""

from typing import Any

import click

from mock_alc.base.paging import every_delivery
from mock_alc.base.refusals import error_text

DEFAULT_URL = "http://127.0.0.1:8001"
NO_MOCK = "No mock answers at {}. Start one with `mock-alc serve --control`, or give its address with --url."
CUT = "The mock at {0} gave no valid answer to {1} {2}. A fault may be set for this route: {0}/_mock/faults lists them."
"""Said of the public API, which is called with a token that the mock has just issued."""
url_option = click.option("--url", default=DEFAULT_URL, show_default=True, help="Address of the running mock.")


def call(url: str, method: str, path: str, body: Any = None) -> Any:
    """Return the JSON answer of the control API to `path`; raises ClickException for errors, with a sentence."""
    return _answer(url, method, f"/_mock{path}", body)


def deliveries_of(url: str, **filters: str | None) -> list[dict[str, Any]]:
    """Return every delivery that matches the filters, oldest first, from all pages of the control API."""
    return every_delivery(lambda path: call(url, "GET", f"/{path}"), **filters)


def api(url: str, method: str, path: str, body: Any = None, *, token: str) -> Any:
    """Return the JSON answer of the public API to `path`; raises ClickException as `call` does."""
    return _answer(url, method, f"/api/v1{path}", body, token)


def token_of(url: str) -> str:
    """Return an access token of the demo account."""
    return str(call(url, "POST", "/tokens", {})["access_token"])


def _answer(url: str, method: str, path: str, body: Any, token: str | None = None) -> Any:
    # Imported here, so that `--help` is fast.
    from mock_alc.webhooks.http_client import request_json

    try:
        status, answer = request_json(method, f"{url.rstrip('/')}{path}", body, token)
    except (OSError, ValueError) as error:
        raise click.ClickException(CUT.format(url, method, path) if token else NO_MOCK.format(url)) from error
    if status < 400:
        return answer
    if status == 404 and answer.get("error", {}).get("message", "").startswith("The requested URL"):
        raise click.ClickException(f"The mock at {url} does not offer its control API. Start it with --control.")
    raise click.ClickException(error_text(answer) or f"The mock answered {status}.")
