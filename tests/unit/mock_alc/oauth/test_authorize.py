"""The authorize page: who is asked what, and where the browser is sent."""

from collections.abc import Callable

import pytest

from tests.unit.mock_alc.support import (
    CHALLENGE,
    ISSUER,
    REDIRECT,
    VERIFIER,
    Alc,
    Person,
    authorize_url,
    hidden_fields,
    returned,
)

CLIENT = "app"


@pytest.fixture(autouse=True)
def client(alc: Alc) -> None:
    """The application that asks."""
    alc.client(client_id=CLIENT, client_secret="s3cret")


def test_a_stranger_reads_the_password_signs_in_consents_and_returns_with_a_code(person: Person) -> None:
    """A10, A18: the whole way, with `iss` and the unchanged state in the redirect."""
    url = authorize_url(CLIENT, state="x y&=/ü")
    login = person.browser.get(url)
    assert "demo@acmeleadchecker.test" in login.text and "let-me-in" in login.text
    answer = returned(person.decide(url))
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("x y&=/ü", ISSUER)


def test_consent_names_client_scopes_account_and_redirect_host(person: Person) -> None:
    """A18: what the person agrees to is on the page."""
    person.sign_in(authorize_url(CLIENT))
    page = person.browser.get(authorize_url(CLIENT, scope="leads")).text
    for shown in (CLIENT, "<code>leads</code>", "demo@acmeleadchecker.test", "127.0.0.1:8000"):
        assert shown in page
    assert "<code>webhooks</code>" not in page


def test_login_and_consent_pages_let_their_form_go_to_the_redirect_origin(person: Person) -> None:
    """U3: Chromium checks form-action against the redirect after consent too."""
    policy = person.browser.get(authorize_url(CLIENT)).headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' http://127.0.0.1:8000")


def test_denial_goes_back_as_access_denied_with_state_and_iss(person: Person) -> None:
    """A10: an error redirect carries `iss` and `state` too."""
    answer = returned(person.decide(authorize_url(CLIENT), "deny"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "xyz", ISSUER)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": CHALLENGE[:42]},
        {"code_challenge": "a" * 129},
        {"code_challenge": CHALLENGE[:42] + "="},
        {"code_challenge": CHALLENGE + "\n"},
        {"code_challenge": "ü" * 43},
    ],
)
def test_pkce_s256_is_required_before_anyone_is_asked(alc: Alc, changes: dict[str, str | None]) -> None:
    """A2: nothing but a well-formed S256 challenge, for confidential clients as well."""
    answer = returned(alc.http.get(authorize_url(CLIENT, **changes)))
    assert (answer["error"], answer["iss"], answer["state"]) == ("invalid_request", ISSUER, "xyz")


@pytest.mark.parametrize(
    "uri",
    [
        REDIRECT + "/",
        REDIRECT.upper(),
        REDIRECT + "?a=1",
        REDIRECT + "#f",
        REDIRECT.replace(":8000", ":0"),
        REDIRECT.replace(":8000", ":65536"),
        REDIRECT.replace(":8000", ":"),
        REDIRECT.replace(":8000", ":8002/.."),
        REDIRECT.replace(":8000", ":8002@evil.example"),
        REDIRECT.replace("http:", "https:").replace("8000", "8002"),
        REDIRECT.replace("127.0.0.1:8000", "127.0.0.2:8002"),
        REDIRECT.replace("127.0.0.1:8000", "[::1]:8000"),
        REDIRECT.replace("127.0.0.1", "user@127.0.0.1"),
        REDIRECT.replace("/alc", "/x/../alc"),
        REDIRECT.replace("alc", "%61lc"),
        REDIRECT[:-1],
        "https://evil.example/",
        "",
        None,
    ],
)
def test_a_redirect_uri_that_differs_at_all_gets_a_page_and_no_redirect(alc: Alc, uri: str | None) -> None:
    """A3: exact match only, but for the port of a loopback address, and no default."""
    answer = alc.http.get(authorize_url(CLIENT, redirect_uri=uri))
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("registered", [":7777", ""])
def test_a_loopback_redirect_uri_may_name_any_port(alc: Alc, person: Person, host: str, registered: str) -> None:
    """RFC 8252 7.3: a native app listens on a free port; the code is redeemed with the URI that was used."""
    native = alc.client(redirect_uris=[f"http://{host}{registered}/cb?a=1"], token_endpoint_auth_method="none")
    used = f"http://{host}:49152/cb?a=1"
    answer = person.decide(authorize_url(native["client_id"], redirect_uri=used))
    assert answer.headers["Location"].startswith(used)
    form = {"grant_type": "authorization_code", "client_id": native["client_id"], "code_verifier": VERIFIER}
    form["code"] = returned(answer)["code"]
    other_port = used.replace("49152", "49153")
    assert alc.http.post("/oauth/token", data=form | {"redirect_uri": other_port}).status_code == 400
    assert alc.http.post("/oauth/token", data=form | {"redirect_uri": used}).status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost:7777", "http://127.0.0.1.evil.example:7777", "https://a.example"])
def test_the_port_of_another_host_must_match(alc: Alc, origin: str) -> None:
    """RFC 8252 7.3 is about IP addresses; 8.3 advises against `localhost`."""
    other = alc.client(redirect_uris=[f"{origin}/cb"], token_endpoint_auth_method="none")
    changed = f"{origin.removesuffix(':7777')}:49152/cb"
    assert alc.http.get(authorize_url(other["client_id"], redirect_uri=changed)).status_code == 400


@pytest.mark.parametrize("extra", [f"&redirect_uri={REDIRECT}", f"&client_id={CLIENT}"])
def test_a_repeated_client_or_redirect_gets_a_page(alc: Alc, extra: str) -> None:
    """A3: which one would be meant is not guessed."""
    assert alc.http.get(authorize_url(CLIENT) + extra).status_code == 400


def test_an_unknown_client_gets_a_page(alc: Alc) -> None:
    """A11: nobody is redirected on the word of a stranger."""
    answer = alc.http.get(authorize_url("nobody\N{SNOWMAN}"))
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": 'c"ödé\\'}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "leads admin"}, "invalid_scope"),
        ({"scope": '"ü"'}, "invalid_scope"),
    ],
)
def test_other_mistakes_go_back_to_the_client(alc: Alc, changes: dict[str, str | None], error: str) -> None:
    """A9, A11, A12: a redirect with 303, whatever bytes were sent."""
    answer = returned(alc.http.get(authorize_url(CLIENT, **changes)))
    assert (answer["error"], answer["iss"]) == (error, ISSUER)


@pytest.mark.parametrize("name", ["state", "scope", "code_challenge", "code_challenge_method", "response_type"])
def test_a_repeated_parameter_is_refused(alc: Alc, name: str) -> None:
    """A18: RFC 6749 3.1, for PKCE's parameters too."""
    assert returned(alc.http.get(authorize_url(CLIENT, scope="leads") + f"&{name}=leads"))["error"] == "invalid_request"


def test_a_client_cannot_ask_for_more_than_it_registered(alc: Alc) -> None:
    """A9: the client's own scope is the limit; none asked for means all of it."""
    alc.client(client_id="small", scope="leads")
    assert returned(alc.http.get(authorize_url("small", scope="leads webhooks")))["error"] == "invalid_scope"


@pytest.mark.parametrize("missing", ["csrf_token", "binding"])
@pytest.mark.parametrize("deed", ["login", "consent"])
def test_a_form_without_its_tokens_does_nothing(person: Person, missing: str, deed: str) -> None:
    """A18, U1: login and consent need the browser's token and the request's."""
    url = authorize_url(CLIENT)
    if deed == "consent":
        person.sign_in(url)
    form = hidden_fields(person.browser.get(url))
    form |= (
        {"decision": "allow"} if deed == "consent" else {"email": "demo@acmeleadchecker.test", "password": "let-me-in"}
    )
    del form[missing]
    answer = person.browser.post(url, data=form)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_consent_to_one_request_does_not_serve_another(person: Person) -> None:
    """A18: consent is bound to the exact request."""
    person.sign_in(authorize_url(CLIENT))
    form = hidden_fields(person.browser.get(authorize_url(CLIENT, scope="leads"))) | {"decision": "allow"}
    assert person.browser.post(authorize_url(CLIENT, scope="leads webhooks"), data=form).status_code == 400


def test_the_session_is_new_after_signing_in(person: Person) -> None:
    """U4: what was known of the browser before is worth nothing after."""
    url = authorize_url(CLIENT)
    before = hidden_fields(person.browser.get(url))
    person.sign_in(url)
    assert person.browser.post(url, data=before | {"decision": "allow"}).status_code == 400


def test_the_eleventh_wrong_password_in_a_minute_must_wait(alc: Alc) -> None:
    """A19: and the right one too, for that minute; unknown people get the same words."""
    wrong = Person(alc.browser(), password="guess")
    answers = [wrong.sign_in() for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert "wrong" in answers[0].text


def test_a_session_ends_after_twelve_hours(alc: Alc, person: Person) -> None:
    """U4: however busy it was."""
    person.sign_in()
    alc.clock.advance(12 * 3600 + 1)
    assert person.browser.get("/").status_code == 303


def test_decisions_are_limited(make_alc: Callable[..., Alc]) -> None:
    """U10: sixty consents a minute are plenty."""
    alc = make_alc()
    alc.client(client_id=CLIENT)
    person = Person(alc.browser())
    statuses = {person.decide(authorize_url(CLIENT), "deny").status_code for _ in range(61)}
    assert statuses == {303, 429}


@pytest.mark.parametrize("separator", ["\t", "\N{NO-BREAK SPACE}", "\N{EM SPACE}"])
def test_a_scope_with_another_separator_than_a_space_is_refused(alc: Alc, separator: str) -> None:
    """A9, RFC 6749 3.3: it was granted as it stood, and came back with the tokens."""
    answer = returned(alc.http.get(authorize_url(CLIENT, scope=f"leads{separator}webhooks")))
    assert (answer["error"], answer["iss"], answer["state"]) == ("invalid_scope", ISSUER, "xyz")


def test_head_is_answered_as_get_is(alc: Alc, person: Person) -> None:
    """RFC 9110 9.3.2: link previews ask so. It was taken for a form that was posted."""
    url = authorize_url(CLIENT)
    assert person.browser.head(url).status_code == 200
    person.sign_in(url)
    answer = person.browser.head(url)
    assert (answer.status_code, answer.data) == (200, b"")
