"""Security headers, on every kind of answer."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alc_app.pages.assets import STATIC
from alc_app.pages.headers import CONTENT_SECURITY_POLICY
from tests.support.fake_workspace import record_id

EVERY_ANSWER = ("/", "/people", f"/people/{record_id(1)}", "/apps/alc", "/doctor", "/nowhere", "/events.json")


@pytest.mark.parametrize("path", EVERY_ANSWER)
def test_every_answer_carries_the_headers(visitor: FlaskClient, path: str) -> None:
    """U3, U5: the same policy everywhere, errors and redirects too, and nothing personal in a cache."""
    headers = visitor.get(path).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline() -> None:
    """U3: every source is this origin or none."""
    allowed = {word for part in CONTENT_SECURITY_POLICY.split("; ") for word in part.split()[1:]}
    assert allowed == {"'none'", "'self'", "'script'"}


def test_https_is_remembered_only_where_it_is_used(visitor: FlaskClient) -> None:
    """U5: HSTS over https only."""
    assert "Strict-Transport-Security" not in visitor.get("/people").headers
    assert "Strict-Transport-Security" in visitor.get("/people", base_url="https://localhost").headers


@pytest.mark.parametrize("path", ["/people", f"/people/{record_id(1)}", "/apps/alc", "/doctor", "/nowhere"])
def test_no_page_needs_what_the_policy_forbids(visitor: FlaskClient, path: str) -> None:
    """U3: no inline script, no style attribute, no handler attribute."""
    html = visitor.get(path).text
    for forbidden in ("<script>", "<style", " style=", " onclick=", "javascript:"):
        assert forbidden not in html


def test_assets_are_kept_by_the_browser_under_an_address_that_changes(app: Flask, visitor: FlaskClient) -> None:
    """A page that was seen before costs one request."""
    with app.test_request_context():
        script = app.url_for("pages.static", filename="js/main.js")
    with visitor.get(script) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000"


def test_a_record_page_weighs_less_than_eighty_kilobytes(visitor: FlaskClient) -> None:
    """The whole of it, cold and uncompressed."""
    assets = sum(path.stat().st_size for path in STATIC.rglob("*.*"))
    assert assets + len(visitor.get(f"/people/{record_id(1)}").data) < 80_000
