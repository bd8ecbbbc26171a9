"""Values of the surface: secrets do not print, and a server function is an effect when it is called."""

from alc_app.attio import Connection, WebhookHandler
from alc_app.attio.effects import Effect
from alc_app.attio.server import server_function


@server_function(idempotency_key=lambda first, second="b": f"{first}-{second}")
def join(first: str, second: str = "b") -> str:
    """Join two words."""
    return first + second


def test_tokens_and_signing_secrets_are_not_in_what_is_printed() -> None:
    """U8: values end up in tracebacks."""
    connection = Connection("connection", "canary")
    handler = WebhookHandler("handler", "https://app.test", "lead_processed", None, "canary")

    assert "canary" not in f"{connection} {connection!r} {handler!r}"


def test_calling_a_server_function_asks_the_host_by_name_and_position() -> None:
    """Usage 7: what crosses is JSON; keywords find their place."""
    call = join("a", second="c").__await__()

    assert next(call) == Effect("call", {"function": "join", "args": ["a", "c"]}, by="host")
    try:
        call.send("ac")
    except StopIteration as ended:
        assert ended.value == "ac"


def test_on_the_server_it_is_a_plain_function() -> None:
    """Usage 8: and its key is named before the call."""
    assert join.run("a") == "ab"
    assert join.idempotency_key
    assert join.idempotency_key("a") == "a-b"
    assert (join.name, join.__doc__) == ("join", "Join two words.")
