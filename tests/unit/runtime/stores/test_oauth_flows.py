"""OAuth flows: begun in one browser, ended there once, and nothing is sent before all of that has been checked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
import time_machine
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from alc_app.runtime.services import Services
from alc_app.runtime.stores.oauth_flows import CallbackRefused, ConsentDenied
from tests.unit.runtime.conftest import ALC, TOKEN, posts

BROWSER = "browser-1"
Callback = Callable[..., str]


@pytest.fixture
def begin(services: Services, alc: responses.RequestsMock) -> Callable[[], dict[str, str]]:
    """Click Connect; returns the parameters that the browser takes to ALC."""

    def click() -> dict[str, str]:
        url = services.oauth_flows.begin(BROWSER)
        assert url.startswith(f"{ALC}/oauth/authorize?")
        return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

    return click


@pytest.fixture
def callback(services: Services, begin: Callable[[], dict[str, str]], alc: responses.RequestsMock) -> Callback:
    """Come back from ALC, as a good answer does unless the test says otherwise; no token request may be sent."""
    state = begin()["state"]

    def come_back(browser: str = BROWSER, **changed: object) -> str:
        good = {"state": [state], "code": ["the-code"], "iss": [ALC]}
        query = {name: [value] if isinstance(value, str) else value for name, value in {**good, **changed}.items()}
        try:
            return services.oauth_flows.accept({name: value for name, value in query.items() if value}, browser)
        finally:
            assert not posts(alc, TOKEN)

    return come_back


def test_two_clicks_share_nothing(begin: Callable[[], dict[str, str]], services: Services) -> None:
    """O1: S256, 128 random bits and more of state, the registered redirect URI."""
    one, two = begin(), begin()

    assert one["state"] != two["state"]
    assert one["code_challenge"] != two["code_challenge"]
    assert len(one["state"]) >= 22
    assert (one["code_challenge_method"], one["response_type"]) == ("S256", "code")
    assert one["redirect_uri"] == f"{services.config.base_url}/connections/alc/callback"


def test_a_good_callback_gives_a_grant_with_its_own_verifier(
    services: Services, begin: Callable[[], dict[str, str]]
) -> None:
    """O1: the verifier belongs to the challenge that was sent."""
    sent = begin()
    flow = services.oauth_flows.accept({"state": [sent["state"]], "code": ["the-code"], "iss": [ALC]}, BROWSER)

    grant = services.oauth_flows.grant(flow)
    assert grant
    assert grant.code == "the-code"
    assert create_s256_code_challenge(grant.verifier) == sent["code_challenge"]


def test_a_callback_can_be_taken_once(callback: Callback) -> None:
    """O3: the same URL from the same browser, again."""
    callback()

    with pytest.raises(CallbackRefused, match="already used"):
        callback()


def test_of_eight_equal_callbacks_one_is_taken(callback: Callback) -> None:
    """O3, C13: consumed by one statement."""
    start = Barrier(8)

    def come(_: int) -> bool:
        start.wait()
        try:
            return bool(callback())
        except CallbackRefused:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(come, range(8))) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"state": None},
        {"state": ""},
        {"state": "never-was"},
        {"browser": "browser-2"},
        {"browser": ""},
    ],
)
def test_a_state_that_is_not_of_this_browser_is_refused_and_not_used_up(
    callback: Callback, changed: dict[str, str]
) -> None:
    """O2, O22: an attacker can neither complete nor consume somebody's flow."""
    with pytest.raises(CallbackRefused):
        callback(**changed)

    assert callback()


@pytest.mark.usefixtures("alc")
@pytest.mark.parametrize("somebody_else", ["imani", None])
def test_a_flow_belongs_to_the_person_who_began_it(services: Services, somebody_else: str | None) -> None:
    """O22: in the same browser too, where somebody else has signed in meanwhile; it is not used up either."""
    url = services.oauth_flows.begin(BROWSER, "robin")
    query = {"state": parse_qs(urlsplit(url).query)["state"], "code": ["the-code"], "iss": [ALC]}

    with pytest.raises(CallbackRefused, match="with another person"):
        services.oauth_flows.accept(query, BROWSER, somebody_else)

    grant = services.oauth_flows.grant(services.oauth_flows.accept(query, BROWSER, "robin"))
    assert grant
    assert grant.person_id == "robin"


@pytest.mark.parametrize(("minutes", "fine"), [(9, True), (11, False)])
def test_a_flow_lasts_ten_minutes(callback: Callback, minutes: int, fine: bool) -> None:
    """O2: then the person starts over."""
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes), tick=False):
        if fine:
            assert callback()
        else:
            with pytest.raises(CallbackRefused, match="expired"):
                callback()


@pytest.mark.parametrize("issuer", [None, "", "https://evil.test", f"{ALC}/", ALC.upper()])
@pytest.mark.parametrize("error", [None, "access_denied"])
def test_an_answer_of_another_issuer_is_refused_and_uses_the_flow_up(
    callback: Callback, issuer: str | None, error: str | None
) -> None:
    """O4: RFC 9207, compared as text, before any token request; an error answer is an answer."""
    with pytest.raises(CallbackRefused, match="ALC did not send this answer"):
        callback(iss=issuer, error=error)
    with pytest.raises(CallbackRefused, match="already used"):
        callback()


@pytest.mark.parametrize(
    ("error", "notice"), [("access_denied", "denied"), ("server_error", "failed"), ("<script>", "failed")]
)
def test_an_error_is_a_notice_of_ours_and_ends_the_flow(callback: Callback, error: str, notice: str) -> None:
    """O5, O21: nothing of the answer is echoed."""
    with pytest.raises(ConsentDenied) as denied:
        callback(error=error, code=None, error_description="canary")
    assert str(denied.value) == notice

    with pytest.raises(CallbackRefused):
        callback()


def test_an_error_for_no_flow_of_ours_is_a_plain_refusal(callback: Callback) -> None:
    """O5: state is looked at first."""
    with pytest.raises(CallbackRefused):
        callback(error="access_denied", state="never-was")


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
def test_a_parameter_that_comes_twice_is_refused(callback: Callback, name: str) -> None:
    """O6: parsers differ in which of the two they read."""
    with pytest.raises(CallbackRefused, match="twice"):
        callback(**{name: ["one", "two"]})

    assert callback(), "and nothing was used up"


def test_an_answer_without_a_code_is_refused(callback: Callback) -> None:
    """O2: neither a code nor an error."""
    with pytest.raises(CallbackRefused, match="sent no code"):
        callback(code=None)


def test_a_grant_that_was_taken_is_gone(services: Services, callback: Callback) -> None:
    """Install 3 of the fault matrix: the code is not used twice, and the flow is still known as used."""
    flow = callback()
    services.oauth_flows.erase_secrets(flow)

    assert services.oauth_flows.grant(flow) is None
    with pytest.raises(CallbackRefused, match="already used"):
        callback()


def test_neither_state_nor_verifier_nor_code_nor_browser_is_readable_in_the_database(
    services: Services, callback: Callback
) -> None:
    """O3, O17: as bytes, journal included."""
    grant = services.oauth_flows.grant(callback())
    assert grant
    raw = b"".join(path.read_bytes() for path in services.config.home.glob("app.db*"))

    for secret in (grant.verifier, "the-code", BROWSER):
        assert secret.encode() not in raw
