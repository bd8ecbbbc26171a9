"""HTTP messages are shown without credentials and secrets."""

from __future__ import annotations

import pytest

from alc_app.runtime.exchanges import redaction


def test_headers_that_let_somebody_in_are_hidden() -> None:
    """The scheme stays, because it says which kind of credential was sent."""
    given = {"Authorization": "Bearer abc", "Cookie": "session=1", "Accept": "*/*", "webhook-signature": "v1,xyz"}

    assert redaction.headers(given) == {
        "Authorization": "Bearer •••",
        "Cookie": "•••",
        "Accept": "*/*",
        "webhook-signature": "v1,xyz",
    }


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        (b'{"access_token": "t", "scope": "a"}', "application/json", '{"access_token": "•••", "scope": "a"}'),
        (b'{"data": [{"secret": "whsec_x"}]}', "application/json", '{"data": [{"secret": "•••"}]}'),
        ("code=c&code_verifier=v&scope=s", "application/x-www-form-urlencoded", "code=•••&code_verifier=•••&scope=s"),
        ('{ "name":"Ada" }', "application/json", '{ "name":"Ada" }'),
        (b"\xff not text", "", "\ufffd not text"),
        (None, "", ""),
    ],
)  # fmt: skip
def test_bodies_keep_everything_but_their_secrets(body: bytes | str | None, content_type: str, shown: str) -> None:
    """A body without secrets is shown unchanged, because it may have been signed."""
    assert redaction.body(body, content_type) == shown


def test_a_long_body_is_cut() -> None:
    """Pages stay readable."""
    assert len(redaction.body("x" * 100_000)) == redaction.MAX_BODY


def test_secrets_of_a_query_are_hidden() -> None:
    """O6: codes travel in addresses."""
    assert redaction.url("http://a.test/cb?code=c&iss=i") == "http://a.test/cb?code=•••&iss=i"
