"""Security headers, on every kind of answer."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from alc_app.pages.headers import CONTENT_SECURITY_POLICY, secure_headers
from tests.support.fakes.workspace import FakeWorkspace, make_person, record_id


@pytest.fixture(autouse=True)
def run(workspace: FakeWorkspace) -> None:
    """A run, t1, which has a page."""
    workspace.events.note("User", "Attio UI", "Clicks button", detail={"record_id": record_id(1)})


EVERY_ANSWER = ("/", "/people", f"/people/{record_id(1)}", "/apps/alc", "/doctor", "/nowhere", "/events.json")


@pytest.mark.parametrize("path", EVERY_ANSWER)
def test_every_answer_carries_the_headers(browser_client: FlaskClient, path: str) -> None:
    """U3, U5: the same policy everywhere, errors and redirects too, and nothing personal in a cache."""
    headers = browser_client.get(path).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline() -> None:
    """U3: every source is this origin or none."""
    allowed = {word for part in CONTENT_SECURITY_POLICY.split("; ") for word in part.split()[1:]}
    assert allowed == {"'none'", "'self'", "'script'"}


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_https_is_remembered_only_where_it_is_used(scheme: str) -> None:
    """U5: HSTS over https."""
    app = Flask(__name__)
    secure_headers(app)
    headers = app.test_client().get("/nowhere", base_url=f"{scheme}://localhost").headers
    assert ("Strict-Transport-Security" in headers) is (scheme == "https")


PAGES = [
    "/people",
    f"/people/{record_id(1)}",
    "/apps/alc",
    "/doctor",
    "/inspector",
    "/settings",
    "/runs/t1",
    "/tutorial?step=usage-6",
]


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_no_page_needs_what_the_policy_forbids(browser_client: FlaskClient, path: str) -> None:
    """U3: no inline script, no style attribute, no handler attribute."""
    html = browser_client.get(path).text
    for forbidden in ("<script>", "<style", " style=", " onclick=", "javascript:"):
        assert forbidden not in html


def test_assets_are_kept_by_the_browser_under_an_address_that_changes(app: Flask, browser_client: FlaskClient) -> None:
    """A page that was seen before costs one request."""
    with app.test_request_context():
        script = app.url_for("pages.static", filename="js/main.js")
    with browser_client.get(script) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_weighs_less_than_eighty_kilobytes(
    browser_client: FlaskClient, workspace: FakeWorkspace, path: str
) -> None:
    """The whole of it, cold, as it goes over the wire to a browser; the table is full."""
    workspace.everyone = [make_person(number, f"Person Number {number}") for number in range(1, 60)]
    page = browser_client.get(path)
    assets = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text))
    weights = {asset: len(browser_client.get(asset, headers={"Accept-Encoding": "gzip"}).data) for asset in assets}
    assert {Path(asset).suffix for asset in assets} == {".css", ".js", ".svg"}
    assert len(page.data) + sum(weights.values()) < 80_000, weights


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_one_script(browser_client: FlaskClient, path: str) -> None:
    """A request costs more than the bytes."""
    [script] = re.findall(r'<script[^>]* src="([^"]+)"', browser_client.get(path).text)

    assert browser_client.get(script).content_type == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("name", ["css/common.css", "js/main.js", "js/inspector.page.js", "mark.svg"])
def test_what_is_packed_is_the_same_as_what_is_not(app: Flask, browser_client: FlaskClient, name: str) -> None:
    """An old client gets the plain bytes."""
    with app.test_request_context():
        address = app.url_for("pages.static", filename=name)
    plain, packed = browser_client.get(address), browser_client.get(address, headers={"Accept-Encoding": "gzip"})
    body = gzip.decompress(packed.data) if packed.headers.get("Content-Encoding") == "gzip" else packed.data
    assert body == plain.data != b""
    assert plain.content_type == packed.content_type


@pytest.mark.parametrize(
    "name",
    [
        "css/none.css", "js/none.page.js", "js/..%2f..%2fassets.py", "js/../../__init__.py", "nothing.svg",
        "js/", "js/%00.js", f"js/{'a' * 300}.js", f"js/{'a' * 300}.page.js",
    ],
    ids=lambda name: name[:24],
)  # fmt: skip
def test_what_is_no_asset_is_not_found(app: Flask, browser_client: FlaskClient, name: str) -> None:
    """U8: an address never leads out of the folder."""
    with app.test_request_context():
        folder = app.url_for("pages.static", filename="js/main.js").removesuffix("js/main.js")
    assert browser_client.get(folder + name).status_code == 404
