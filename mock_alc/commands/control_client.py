"""How a command reaches the control door of a running mock, and what it says when it cannot."""

from typing import Any

import click

from mock_alc.base.refusals import in_words

DEFAULT_URL = "http://127.0.0.1:8001"
url_option = click.option("--url", default=DEFAULT_URL, show_default=True, help="Address of the running mock.")


def call(url: str, method: str, path: str, body: Any = None) -> Any:
    """Return what the control door answers; raises ClickException with a sentence for anything else."""
    return _answer(url, method, f"/_mock{path}", body)


def api(url: str, method: str, path: str, body: Any = None, *, token: str) -> Any:
    """Return what the API answers, as `call` does."""
    return _answer(url, method, f"/api/v1{path}", body, token)


def token_of(url: str) -> str:
    """Return an access token of the demo account."""
    return str(call(url, "POST", "/tokens", {})["access_token"])


def _answer(url: str, method: str, path: str, body: Any, token: str | None = None) -> Any:
    # Late, so that the help is shown at once.
    from mock_alc.webhooks.http_client import ask

    try:
        status, answer = ask(method, f"{url.rstrip('/')}{path}", body, token)
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"No mock answers at {url}. Start one with `mock-alc serve --control`, or say where it is with --url."
        ) from error
    if status < 400:
        return answer
    if status == 404 and answer.get("error", {}).get("message", "").startswith("The requested URL"):
        raise click.ClickException(f"The mock at {url} keeps its control door shut. Start it with --control.")
    raise click.ClickException(in_words(answer) or f"The mock answered {status}.")
