"""The tutorial's first diagram, Installation 1-7, and what can go wrong in it."""

import re
from urllib.parse import parse_qs, quote, urlsplit

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.servers.stack import Stack
from tests.support.waiting import PATIENCE


def test_connecting_registers_one_webhook_under_the_handlers_name(disconnected_user: User, alc: Alc) -> None:
    """Installation 2-7: sign in, allow, return to the installed app; ALC has the webhook."""
    page = disconnected_user.connect_alc()

    assert page.url.endswith("/apps/alc?notice=connected")
    [webhook] = alc.webhooks("lead.processed")
    assert webhook["event"] == "lead.processed"
    assert webhook["url"].startswith(f"{disconnected_user.app_url}/hooks/")
    assert webhook["url"].endswith(webhook["name"])
    assert webhook["webhook_id"] in page.text


def test_the_redirect_to_alc_carries_pkce_and_a_fresh_state(disconnected_user: User) -> None:
    """O1: S256 challenge, unguessable state, exact redirect URI; two clicks share none of them."""

    def click() -> dict[str, list[str]]:
        response = disconnected_user.session.get(
            f"{disconnected_user.app_url}/connections/alc/connect", allow_redirects=False, timeout=PATIENCE
        )
        assert response.status_code == 303
        return parse_qs(urlsplit(response.headers["Location"]).query)

    first, second = click(), click()

    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == [f"{disconnected_user.app_url}/connections/alc/callback"]
    assert first["response_type"] == ["code"]
    assert len(first["state"][0]) >= 22
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_denied_consent_leaves_nothing_and_connect_works_again(disconnected_user: User, alc: Alc) -> None:
    """O21: the user denies access."""
    page = disconnected_user.connect_alc(decision="deny")

    assert page.url.endswith("notice=denied")
    assert "You did not allow access" in page.text
    assert not disconnected_user.is_connected()
    assert not alc.webhooks()
    assert disconnected_user.connect_alc().url.endswith("notice=connected")


def test_a_replayed_callback_is_refused_and_changes_nothing(disconnected_user: User, alc: Alc) -> None:
    """O3: the same URL with the same cookie, a second time."""
    page = disconnected_user.connect_alc()
    callback = next(step.url for step in page.history if "/callback?" in step.url)
    webhooks = alc.webhooks("lead.processed")

    replayed = disconnected_user.get(callback)

    assert replayed.status_code == 400
    assert "already used" in replayed.text
    assert alc.webhooks("lead.processed") == webhooks
    assert disconnected_user.is_connected()


def test_a_callback_in_another_browser_is_refused(disconnected_user: User, alc: Alc) -> None:
    """O2: the flow belongs to the browser that has started it."""
    location = disconnected_user.session.get(
        f"{disconnected_user.app_url}/connections/alc/connect", allow_redirects=False, timeout=30
    )
    state = parse_qs(urlsplit(location.headers["Location"]).query)["state"][0]
    requests_before = len(alc.requests())

    answer = User(disconnected_user.app_url).get(f"/connections/alc/callback?code=stolen&state={state}&iss={alc.url}")

    assert answer.status_code == 400
    assert len(alc.requests()) == requests_before
    assert not disconnected_user.is_connected()


def test_a_callback_of_another_issuer_is_refused_before_any_token_request(disconnected_user: User, alc: Alc) -> None:
    """O4, RFC 9207: `iss` must be the server that was asked."""
    location = disconnected_user.session.get(
        f"{disconnected_user.app_url}/connections/alc/connect", allow_redirects=False, timeout=30
    )
    state = parse_qs(urlsplit(location.headers["Location"]).query)["state"][0]
    requests_before = len(alc.requests())

    answer = disconnected_user.get(f"/connections/alc/callback?code=x&state={state}&iss=https://evil.example.com")

    assert answer.status_code == 400
    assert len(alc.requests()) == requests_before


def test_a_code_that_alc_does_not_know_connects_nothing(disconnected_user: User, alc: Alc) -> None:
    """O3: a forged code ends with an explanation, and nothing is stored."""
    location = disconnected_user.session.get(
        f"{disconnected_user.app_url}/connections/alc/connect", allow_redirects=False, timeout=30
    )
    state = parse_qs(urlsplit(location.headers["Location"]).query)["state"][0]

    page = disconnected_user.get(f"/connections/alc/callback?code=forged&state={state}&iss={alc.url}")

    assert page.url.endswith("notice=failed")
    assert not disconnected_user.is_connected()
    assert not alc.webhooks()


def test_connecting_again_replaces_the_connection_and_its_webhook(disconnected_user: User, alc: Alc) -> None:
    """C11: reconnecting is safe; one connection, one handler, one webhook are left."""
    disconnected_user.connect_alc()
    [first] = alc.webhooks("lead.processed")

    assert disconnected_user.connect_alc().url.endswith("notice=connected")

    [second] = alc.webhooks("lead.processed")
    assert second["webhook_id"] != first["webhook_id"]


def test_sending_without_a_connection_asks_the_user_to_connect(disconnected_user: User, attio: Attio) -> None:
    """The toast disappears, and a dialog leads to ALC and back to the record, which offers the action again."""
    record_id = attio.add_person("Ola Nordmann", "+442079460030")

    effects = disconnected_user.click_send(record_id)

    assert [effect["effect"] for effect in effects] == ["showToast", "hideToast", "connect", "done"]
    back = quote(f"/people/{record_id}?offer=send-to-alc", safe="")
    assert effects[2]["url"] == f"/connections/alc/connect?next={back}"


def test_no_secret_is_readable_in_any_file_of_the_home(stack: Stack, disconnected_user: User, alc: Alc) -> None:
    """O17, U8: tokens, the code, the verifier and signing secrets are sealed, in databases and in logs."""
    page = disconnected_user.connect_alc()
    callback = next(step.url for step in page.history if "/callback?" in step.url)
    code = parse_qs(urlsplit(callback).query)["code"][0]

    ours = [path for path in stack.home.rglob("*") if path.is_file() and "mock_alc" not in path.name]
    everything = b"".join(path.read_bytes() for path in ours)

    assert len(everything) > 10_000
    for secret in (code, stack.webhook_secret(alc.webhooks("lead.processed")[0]["url"])):
        assert secret.encode() not in everything, secret
    # A prefix alone is allowed: the inspector stores `Bearer •••`, and its advice for senders mentions whsec_.
    assert not re.search(rb"(whsec_|Bearer |code_verifier=)[A-Za-z0-9+/._~-]{4}", everything)
