"""What the OAuth client makes of the status of an answer: busy, odd, refused, or as good as done."""

from __future__ import annotations

import re
import time

import pytest
import requests
import responses

from alc_app.config.settings import Config
from alc_app.runtime.http_client import Http
from alc_app.runtime.oauth_client import OAuthBadAnswer, OAuthBusy, OAuthClient
from tests.unit.runtime.conftest import METADATA, REVOKE, TOKEN

BUSY = [
    (429, "ALC asked the app to wait."),
    (500, "ALC is not available at the moment (status 500)."),
    (503, "ALC is not available at the moment (status 503)."),
]


@pytest.fixture
def client(config: Config) -> OAuthClient:
    """Ours."""
    return OAuthClient(config, Http())


@pytest.mark.parametrize(("status", "message"), BUSY)
@pytest.mark.parametrize("body", ["<html>", '{"error": "invalid_grant"}'])
def test_a_server_that_is_away_has_not_sent_a_wrong_answer(
    client: OAuthClient, alc: responses.RequestsMock, status: int, message: str, body: str
) -> None:
    """O14: to check the client's id and secret would help nobody, and to connect again neither."""
    alc.post(TOKEN, body=body, status=status, headers={"Retry-After": "7"})

    with pytest.raises(OAuthBusy) as raised:
        client.refresh("old-refresh", client.token_endpoint())
    assert (raised.value.message, raised.value.retry_after) == (message, 7)


@pytest.mark.parametrize(("status", "message"), BUSY)
def test_so_it_is_with_metadata_and_revocation(
    client: OAuthClient, alc: responses.RequestsMock, status: int, message: str
) -> None:
    """O20: each call names the same reason."""
    alc.post(REVOKE, status=status)
    with pytest.raises(OAuthBusy, match=re.escape(message)):
        client.revoke("token", "access_token")

    alc.replace("GET", METADATA, status=status)
    with pytest.raises(OAuthBusy, match=re.escape(message)):
        client.fetch_metadata()


def test_a_type_of_token_that_cannot_be_revoked_is_left_to_expire(
    client: OAuthClient, alc: responses.RequestsMock
) -> None:
    """C10, RFC 7009 2.2.1: else a removal would be tried for thirty days, with the tokens kept."""
    alc.post(REVOKE, json={"error": "unsupported_token_type"}, status=400)

    client.revoke("token", "access_token")


@pytest.mark.parametrize("body", ['{"error": "invalid_request"}', "[]", "<html>"])
def test_no_other_400_counts_as_revoked(client: OAuthClient, alc: responses.RequestsMock, body: str) -> None:
    """I5: the token is still good at ALC."""
    alc.post(REVOKE, body=body, status=400)

    with pytest.raises(OAuthBadAnswer):
        client.revoke("token", "access_token")


def test_metadata_that_cannot_be_fetched_again_is_not_asked_for_by_each_call(
    client: OAuthClient, alc: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O7, O10: a server that hangs there would cost each refresh ten seconds, though its token endpoint is well."""
    known, now = client.metadata(), time.monotonic()
    alc.replace("GET", METADATA, body=requests.ReadTimeout("It hangs."))
    asked = len(alc.calls)

    for later, calls in ((301, 1), (302, 1), (320, 1), (340, 2), (345, 2)):
        monkeypatch.setattr("alc_app.runtime.oauth_client.time.monotonic", lambda later=later: now + later)
        assert client.metadata() == known
        assert len(alc.calls) - asked == calls
