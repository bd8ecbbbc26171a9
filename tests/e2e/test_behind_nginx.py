"""The worked example of the runtime's README, played on a real nginx and a real Postgres, in production."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support.people import User
from tests.support.servers.worked_example import A_FLOOD, PROXY, Example
from tests.support.waiting import PATIENCE, eventually

pytestmark = pytest.mark.usefixtures("nginx")
MADE_UP = {"X-Forwarded-Email": "robin@example.com", "X-Forwarded-User": "robin", "X-Proxy-Secret": ""}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory, module_postgres: str) -> Iterator[Example]:
    """All of it, running."""
    with Example(tmp_path_factory.mktemp("home"), module_postgres).running() as running:
        yield running


@pytest.fixture(scope="module")
def robin(example: Example) -> User:
    """An admin, who has connected ALC."""
    user = example.user("robin")
    assert user.connect_alc().url.endswith("notice=connected")
    return user


def test_everything_works_through_it(example: Example, robin: User) -> None:
    """U7: sign in, connect, send, and the verdict comes back by https through the proxy."""
    imani = example.user("imani")
    record_id = example.attio.add_person("Mary Shelley", "+442079460041")
    assert imani.click_send(record_id)[-2]["title"] == "Successfully sent to ALC!"
    [lead] = example.alc.leads(record_id)

    example.alc.decide(lead["id"])

    robin.wait_for_status(record_id, "Complete")


def test_it_is_https_and_nothing_else(example: Example) -> None:
    """U4, U5: HSTS on every answer, cookies of this host only, and plain http leads there."""
    secure = example.user()
    answers = [secure.get(path) for path in ("/healthz", "/signed-out", "/sign-in/callback", "/hooks/x")]
    assert {answer.headers["Strict-Transport-Security"] for answer in answers} == {"max-age=31536000"}
    first = example.user().session.get(f"{example.url}/sign-in", allow_redirects=False, timeout=PATIENCE)
    cookies = first.raw.headers.getlist("Set-Cookie")
    assert cookies
    assert all(cookie.startswith("__Host-alc_app") for cookie in cookies), cookies
    assert "; Secure; HttpOnly; Path=/; SameSite=Lax" in first.headers["Set-Cookie"]

    plain = requests.get(f"http://127.0.0.1:{example.plain}/people?q=1", allow_redirects=False, timeout=PATIENCE)
    assert (plain.status_code, plain.headers["Location"]) == (308, f"{example.url}/people?q=1")


def test_numbers_stay_inside_and_probes_ask_a_machine_by_its_address(example: Example) -> None:
    """U7, U10: a machine that is asked by its address answers its probes, and shows no page."""
    assert example.user().get("/metrics").status_code == 404
    for web in example.webs:
        assert requests.get(f"{web.url}/readyz", timeout=PATIENCE).json()["status"] == "ready"
        assert requests.get(f"{web.url}/people", timeout=PATIENCE).status_code == 400


@pytest.mark.parametrize(
    "forged",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "203.0.113.9, 127.0.0.10"},
        {"X-Forwarded-For": "127.0.0.10, 203.0.113.9, 127.0.0.11"},
        {"X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-Host": "evil.example.com"},
    ],
)
def test_a_made_up_address_evades_no_limit(example: Example, forged: Mapping[str, str]) -> None:
    """U7, U10: through the proxy and past it, the address that counts is the one that has connected."""
    host = example.url.removeprefix("https://")
    for url, headers in ((example.url, forged), (example.webs[0].url, {**forged, "Host": host})):
        answer = requests.get(
            f"{url}/sign-in", headers=headers, verify=example.bundle, allow_redirects=False, timeout=PATIENCE
        )
        assert answer.headers["Location"].startswith(example.outside("provider"))

    assert example.counted() == {"127.0.0.1"}


def test_a_made_up_identity_is_nobody(example: Example) -> None:
    """U4, U7: neither through the proxy nor past it."""
    stranger = example.user()
    stranger.session.headers.update({**MADE_UP, "Accept": "application/json"})
    assert stranger.get("/settings").status_code == 401

    host = {"Host": example.url.removeprefix("https://"), "X-Forwarded-For": PROXY}
    past = requests.get(f"{example.webs[0].url}/settings", headers={**stranger.session.headers, **host}, timeout=30)
    assert past.status_code == 401


def test_events_arrive_while_they_happen(example: Example, robin: User) -> None:
    """The proxy buffers no stream."""
    with robin.session.get(f"{example.url}/events", stream=True, timeout=PATIENCE) as stream:
        assert next(stream.iter_lines()) == b"retry: 1000"


def test_in_a_flood_of_forgeries_a_good_delivery_is_taken(example: Example, robin: User) -> None:
    """R22: the verdict arrives in its midst, by the same proxy, and the log has a line a minute."""
    record_id = example.attio.add_person("Anne Lister", "+442079460042")
    robin.click_send(record_id)
    [lead] = example.alc.leads(record_id)
    [hook] = example.alc.webhooks("lead.processed")
    signed = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    browser = example.user().session

    def forge(_: int) -> int:
        return browser.post(hook["url"], json={}, headers=signed, timeout=PATIENCE).status_code

    with ThreadPoolExecutor(8) as pool:
        flood = [pool.submit(forge, number) for number in range(A_FLOOD + 200)]
        eventually(lambda: sum(one.done() for one in flood) > A_FLOOD)
        example.alc.decide(lead["id"])
        answers = Counter(one.result() for one in flood)

    assert set(answers) <= {401, 429}
    robin.wait_for_status(record_id, "Complete")
    lines = [line for line in example.logs().splitlines() if "Refused a delivery" in line]
    assert 1 <= len(lines) < 10, lines[:20]


def test_when_a_machine_is_gone_the_other_one_goes_on(example: Example, robin: User) -> None:
    """U4: people stay signed in, and each delivery is taken."""
    robin.catch_up()
    web = next(web for web in example.webs if "Robin Marsh" in web.log.read_text())

    web.kill()

    assert [robin.get("/apps/alc").status_code for _ in range(3)] == [200] * 3
