"""Key rotation: secrets are re-sealed with the first key, and can be unsealed at any moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from click.testing import CliRunner
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import inspect, text

from alc_app.cli.commands import main
from alc_app.config.settings import Config
from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import Person
from alc_app.runtime.storage.sealing import Sealer
from alc_app.runtime.stores.key_rotation import rotate_keys
from tests.unit.runtime.conftest import ALC

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def config(config: Config) -> Config:
    """An installation that has its key."""
    return with_keys(config, OLD)


@pytest.fixture
def sealed(services: Services, connect: Callable[..., str], alc: responses.RequestsMock) -> dict[str, str]:
    """A secret in every place that has one: a flow, a connection, a handler with two, a connector, a session."""
    url = services.oauth_flows.begin("browser")
    state = parse_qs(urlsplit(url).query)["state"][0]
    services.oauth_flows.accept({"state": [state], "code": ["the-code"], "iss": [ALC]}, "browser")
    handler = services.subscriptions.create_handler(connect(), "lead_processed", "standard_webhooks", "alc", {})
    services.subscriptions.set_state(handler, {"webhookId": "wh_1"})
    services.webhook_handlers.set_external_id(handler, "wh_1")
    services.webhook_handlers.rotate_secret(handler)
    services.sessions.begin(Person("robin", "robin@example.com", "Robin Marsh", "admin"), "id-token")
    return secrets(services)


def with_keys(config: Config, *keys: str) -> Config:
    return config.model_copy(update={"keys": type(config.keys)(",".join(keys))})


def secrets(services: Services) -> dict[str, str]:
    """Whatever is sealed, in any column of any table."""
    found = {}
    with services.database.reading() as session:
        connection = session.connection()
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f"select * from {table}")).mappings():  # noqa: S608 - our tables
                row_id = row.get("id") or row.get("handler_id") or row.get("id_hash")
                found |= {f"{table}/{row_id}/{name}": str(row[name]) for name in row}
    return {place: value for place, value in found.items() if value.startswith("gAAAAA")}


def assert_all_open(services: Services, *keys: str, as_before: Mapping[str, str]) -> None:
    """With these keys, every secret is what it was."""
    sealer, before = Sealer(list(keys)), Sealer([OLD])
    now = secrets(services)
    assert now.keys() == as_before.keys()
    assert all(sealer.unseal(place, now[place]) == before.unseal(place, value) for place, value in as_before.items())


def test_afterwards_the_new_key_alone_opens_everything(services: Services, sealed: dict[str, str]) -> None:
    """O19: no place is forgotten; done again, there is nothing to do."""
    assert {place.split("/")[0] + "." + place.split("/")[2] for place in sealed} == {
        "oauth_flow.verifier",
        "oauth_flow.code",
        "connection.access_token",
        "connection.refresh_token",
        "webhook_handler.secret",
        "webhook_handler.previous_secret",
        "connector_subscription.state",
        "sign_in_session.id_token",
    }
    done = rotate_keys(services.database, Sealer([NEW, OLD]))

    assert (done.resealed, done.undecryptable) == (len(sealed), [])
    assert_all_open(services, NEW, as_before=sealed)
    assert rotate_keys(services.database, Sealer([NEW])).resealed == 0


@pytest.mark.parametrize("after", range(8))
def test_killed_half_way_everything_opens_and_the_next_run_completes_it(
    services: Services, sealed: dict[str, str], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """O19: with k2,k1 all rows open at all times."""
    left = after

    class Dies(Sealer):
        def seal(self, place: str, secret: str) -> str:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return super().seal(place, secret)

    with pytest.raises(KeyboardInterrupt):
        rotate_keys(services.database, Dies([NEW, OLD]))

    assert_all_open(services, NEW, OLD, as_before=sealed)
    assert rotate_keys(services.database, Sealer([NEW, OLD])).resealed == len(sealed) - after
    assert_all_open(services, NEW, as_before=sealed)


def test_a_token_that_is_refreshed_meanwhile_stays(services: Services, sealed: dict[str, str]) -> None:
    """O12: a token that is refreshed meanwhile is kept."""
    place = next(place for place in sealed if place.endswith("/access_token"))
    fresh = Sealer([OLD]).seal(place, "fresher")

    class Slow(Sealer):
        def seal(self, at: str, secret: str) -> str:
            if at == place:
                with services.database.transaction() as session:
                    session.connection().execute(text("update connection set access_token = :fresh"), {"fresh": fresh})
            return super().seal(at, secret)

    rotate_keys(services.database, Slow([NEW, OLD]))

    assert secrets(services)[place] == fresh


def test_the_command_says_what_is_left_and_what_to_do(
    services: Services, sealed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """O19: a secret that no key unseals is reported and left as it is; the others are re-sealed."""

    def run(*keys: str) -> tuple[int, str]:
        command = ["rotate-keys", "--home", str(services.config.home)]
        result = CliRunner().invoke(main, command, env={"ALC_APP_KEYS": ",".join(keys)})
        return result.exit_code, result.output

    status, said = run(NEW)
    assert status == 1
    assert "No configured key decrypts these secrets." in said
    assert all(place in said for place in sealed)

    assert run(NEW, OTHER, OLD) == (
        0,
        "Encrypted 8 secrets with the first key.\nYou can remove the older keys.\n",
    )
    with pytest.raises(InvalidToken):
        Fernet(OLD).decrypt(next(iter(secrets(services).values())))


def test_a_new_key_in_the_file_is_found_by_whoever_runs_already(config: Config) -> None:
    """O19: rotating before every process has been restarted breaks nothing."""
    running = Sealer.from_config(with_keys(config), in_use=False)
    kept, file = running.seal("a/1/b", "x"), config.home / "sealing_key"
    file.write_text(f"{NEW},{file.read_text()}")
    resealed = Sealer.from_config(with_keys(config), in_use=True).reseal("a/1/b", kept)

    assert running.unseal("a/1/b", resealed) == "x"
    assert Sealer([NEW]).unseal("a/1/b", running.seal("a/1/b", "y")) == "y"


def test_the_file_in_the_home_may_hold_more_than_one_key(config: Config) -> None:
    """O18, O19: the same list as in the setting."""
    file = config.home / "sealing_key"
    file.write_text(f"{NEW},{OLD}\n")
    file.chmod(0o600)
    sealer = Sealer.from_config(with_keys(config), in_use=True)

    assert sealer.unseal("a/1/b", Sealer([OLD]).seal("a/1/b", "x")) == "x"
    assert Sealer([NEW]).unseal("a/1/b", sealer.seal("a/1/b", "x")) == "x"
