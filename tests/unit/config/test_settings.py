"""Settings: each has a name and a description, survives the way to a child process, and is refused when unsafe."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from alc_app.cli.commands import main
from alc_app.config.settings import REAL_ATTIO, Config
from tests.support.sign_in import SIGN_IN

SAFE = {
    **SIGN_IN,
    "env": "production",
    "url": "https://app.example.com",
    "alc_url": "https://alc.example.com",
    "alc_client_secret": "secret",
    "attio_api_token": "token",
}
NAMES = sorted(Config.model_fields)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the test sets."""
    for field in Config.model_fields.values():
        monkeypatch.delenv(field.alias or "", raising=False)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_variable_and_a_description(name: str) -> None:
    """The flag, the variable and the row of the README's table are made of them."""
    field = Config.model_fields[name]

    assert (field.alias or "").isupper()
    assert len(field.description or "") > 10


def test_the_defaults_are_those_of_the_demo() -> None:
    """Three origins on loopback."""
    config = Config.from_env()

    assert config.base_url == "http://127.0.0.1:8000"
    assert config.alc_url == "http://127.0.0.1:8001"
    assert config.attio_origin == "http://127.0.0.1:8002"


def test_an_sqlite_that_is_too_old_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red Hat 9 has Python 3.12 with SQLite 3.34: every command says so, and a Postgres will do."""
    monkeypatch.setattr("sqlite3.sqlite_version", "3.34.1")
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 34, 1))

    for command in ("demo", "serve", "worker", "doctor", "migrate"):
        said = CliRunner().invoke(main, [command])
        assert said.exit_code == 1
        assert "\n  SQLite 3.34.1 is too old. Use a Python with SQLite 3.35 or newer" in said.output
    Config.from_env(database_url="postgresql://alc@127.0.0.1/alc")


def test_a_flag_beats_the_environment_and_a_flag_that_was_not_given_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """click passes None for a flag that was not given."""
    monkeypatch.setenv("ALC_APP_PORT", "9000")

    assert Config.from_env(port=None).port == 9000
    assert Config.from_env(port="9001").port == 9001


def test_a_child_process_gets_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`as_env` and `from_env` are inverse; what was not set stays out."""
    monkeypatch.setenv("ALC_APP_KEYS", "k2,k1")
    config = Config.from_env(home=tmp_path, port="0", alc_client_secret="s3cret", env="development")
    environment = config.as_env()
    assert "ALC_APP_URL" not in environment

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Config.from_env() == config
    assert Config.from_env().alc_client_secret.get_secret_value() == "s3cret"


def test_secrets_are_not_in_what_is_printed() -> None:
    """U8: a config may end up in a traceback."""
    config = Config.from_env(
        alc_client_secret="canary-1", attio_api_token="canary-2", keys="canary-3", mock_attio_token="canary-4"
    )

    assert "canary" not in repr(config) + str(config)


@pytest.mark.parametrize("name", ["url", "alc_url", "attio_url"])
@pytest.mark.parametrize(
    "value",
    [
        "alc.example.com",
        "ftp://alc.example.com",
        "https://",
        "https://alc.example.com/path",
        "/",
        "https://alc.example.com?a=b",
        "https://alc.example.com#part",
        "https://user:word@alc.example.com",
        "https://alc.example.com\n",
        "https://alc.example.com:99999",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_what_is_not_an_origin_is_refused(name: str, value: str) -> None:
    """U7: paths are joined to it, and the redirect URI and the issuer are compared as text."""
    with pytest.raises(ValidationError, match=f"{Config.model_fields[name].alias} must be an origin"):
        Config.from_env(**{name: value})


@pytest.mark.parametrize("name", ["url", "alc_url", "attio_url"])
def test_a_slash_at_the_end_of_an_origin_is_taken_off(name: str) -> None:
    """Addresses are copied from browsers, which show one; the redirect URI must not have two."""
    assert getattr(Config.from_env(**SIGN_IN, **{name: "https://alc.example.com/"}), name) == "https://alc.example.com"


@pytest.mark.parametrize("space", ["\n", "\r\n", " ", "\t", "\ufeff", "\ufeff\n"])
@pytest.mark.parametrize("name", ["attio_api_token", "alc_client_secret", "keys", "session_keys", "metrics_token"])
def test_white_space_around_a_secret_is_not_part_of_it(monkeypatch: pytest.MonkeyPatch, name: str, space: str) -> None:
    """A secret that comes from a file ends with a line break, and may begin with a byte order mark."""
    monkeypatch.setenv(Config.model_fields[name].alias or "", f"{space}s3cret{space}")

    assert getattr(Config.from_env(), name).get_secret_value() == "s3cret"


def test_a_variable_of_white_space_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Like an empty one."""
    monkeypatch.setenv("ALC_APP_PORT", " ")
    monkeypatch.setenv("ATTIO_API_TOKEN", "\n")

    assert Config.from_env().port == 8000
    assert not Config.from_env().uses_real_attio


@pytest.mark.parametrize("token", ["to ken", "to\nken", "tokén", "token\n"])
@pytest.mark.parametrize("name", ["attio_api_token", "mock_attio_token", "metrics_token"])
def test_a_token_that_no_header_can_carry_is_refused_by_name(name: str, token: str) -> None:
    """It would otherwise look as if Attio did not answer; the message does not show it."""
    alias = Config.model_fields[name].alias
    with pytest.raises(ValidationError, match=f"{alias} has a character that tokens do not have") as raised:
        Config.from_env(**{name: token})
    assert token not in str(raised.value)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "[::1]"),
        ("10.0.0.11", "10.0.0.11"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104 - nothing is bound
        ("::", "[::1]"),
    ],
)
def test_a_host_becomes_an_address_that_a_browser_can_open(host: str, name: str) -> None:
    """An IPv6 address stands in brackets (RFC 3986, 3.2.2); "everywhere" is no place to go back to from ALC."""
    assert Config.from_env(host=host, **SIGN_IN).base_url == f"http://{name}:8000"


@pytest.mark.parametrize("value", ["https://alc.example.com", "http://127.0.0.1:8001", "http://[::1]:8001"])
def test_origins_are_taken(value: str) -> None:
    """U7: with a port or without, IPv6 too."""
    assert Config.from_env(alc_url=value).alc_url == value


def test_production_takes_https_everywhere() -> None:
    """O7: and the real Attio by default."""
    config = Config.from_env(**SAFE)

    assert config.attio_origin == REAL_ATTIO


@pytest.mark.parametrize(
    ("unsafe", "named"),
    [
        ({"url": ""}, "ALC_APP_URL"),
        ({"url": "http://app.example.com"}, "ALC_APP_URL"),
        ({"alc_url": "http://alc.example.com"}, "ALC_URL"),
        ({"alc_url": "http://127.0.0.1:8001"}, "ALC_URL"),
        ({"attio_url": "http://attio.example.com"}, "ATTIO_URL"),
        ({"oidc_issuer": "http://127.0.0.1:8003"}, "ALC_APP_OIDC_ISSUER"),
    ],
)
def test_production_refuses_plain_http(unsafe: dict[str, str], named: str) -> None:
    """O7, U4: secrets and personal data go there; the message names the setting."""
    with pytest.raises(ValidationError, match=f"{named} must be an https address"):
        Config.from_env(**{**SAFE, **unsafe})


@pytest.mark.parametrize(
    ("missing", "name"), [("attio_api_token", "ATTIO_API_TOKEN"), ("alc_client_secret", "ALC_CLIENT_SECRET")]
)
def test_production_needs_its_credentials(tmp_path: Path, missing: str, name: str) -> None:
    """It would else talk to a stand-in that is not there, or connect as nobody; empty is not set."""
    for lacking in ({**SAFE, missing: ""}, {key: value for key, value in SAFE.items() if key != missing}):
        with pytest.raises(ValidationError, match=f"{name} must be set in production"):
            Config.from_env(home=tmp_path, **lacking)


def test_production_may_have_another_attio(tmp_path: Path) -> None:
    """With its address; then the token is the one that `alc-app attio-token` prints."""
    other = {key: value for key, value in SAFE.items() if key != "attio_api_token"}
    assert Config.from_env(home=tmp_path, **other, attio_url="https://attio.test").attio_origin == "https://attio.test"


@pytest.mark.parametrize("unknown", [{"prot": 1}, {"port": -1}, {"port": 70_000}, {"alc_status_type": "number"}])
def test_settings_that_make_no_sense_are_refused(unknown: dict[str, object]) -> None:
    """A misspelt name is an error, not a default."""
    with pytest.raises(ValidationError):
        Config.model_validate(unknown)


def test_in_production_processes_that_share_a_database_share_their_keys() -> None:
    """O18, U11: two machines that each made their own would not open what the other has sealed."""
    shared = {**SAFE, "database_url": "postgresql+psycopg://db/alc"}
    with pytest.raises(ValidationError, match="ALC_APP_KEYS and ALC_APP_SECRET_KEY must be set"):
        Config.from_env(**shared, keys="k")
    assert Config.from_env(**shared, keys="k", session_keys="new, old").secret_keys == ["new", "old"]


def test_a_token_switches_to_the_real_attio_and_an_address_overrides_it() -> None:
    """The code is the same with the stand-in: only the origin differs."""
    assert Config.from_env(attio_api_token="token").attio_origin == REAL_ATTIO
    assert Config.from_env(attio_api_token="token", attio_url="http://127.0.0.1:9").attio_origin == "http://127.0.0.1:9"


def test_secrets_that_nobody_set_are_made_once_and_kept(tmp_path: Path) -> None:
    """U11: never a constant, the same after a restart, 0600."""
    first, again, elsewhere = (Config.from_env(home=home) for home in (tmp_path, tmp_path, tmp_path / "other"))

    assert first.secret_keys == again.secret_keys != elsewhere.secret_keys
    assert first.stand_in_token == first.attio_token == again.attio_token
    assert (tmp_path / "session_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("url", "name", "expected"),
    [
        ("", "app", "sqlite:///home/app.db"),
        ("", "inbox", "sqlite:///home/inbox.db"),
        ("sqlite:///data/x.db", "app", "sqlite:///data/x.db"),
        ("sqlite:///data/x.db", "inbox", "sqlite:///data/x.inbox.db"),
        ("sqlite:////var/x.db", "engine", "sqlite:////var/x.engine.db"),
        ("postgresql+psycopg://db/x", "inbox", "postgresql+psycopg://db/x"),
        ("postgresql://db/x", "inbox", "postgresql+psycopg://db/x"),
        ("postgres://u:p@db:5432/x", "app", "postgresql+psycopg://u:p@db:5432/x"),
    ],
)
def test_databases_lie_beside_each_other_on_sqlite_and_are_one_on_postgres(url: str, name: str, expected: str) -> None:
    """SQLite has one writer a file, so the inbox has a file of its own."""
    assert Config.from_env(home=Path("home"), database_url=url).database(name) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mysql://db/x",
        "postgresql+asyncpg://db/x",
        "db/x",
        "postgres://u:canary@db:port/x",
        "postgres://u:can@ary@db/x",  # the driver would take the rest of the password for the host, and show it
        "sqlite://",
        "sqlite:x.db",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=ro",
    ],
)
def test_a_database_that_cannot_be_used_is_refused_by_name(url: str) -> None:
    """One sentence, in place of an error of the driver's; the password is not in it."""
    with pytest.raises(ValidationError, match="ALC_APP_DATABASE_URL must be like") as raised:
        Config.from_env(database_url=url)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("name", ["h?x", "h%20x"])
def test_a_home_that_a_database_url_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    """What follows a question mark would be taken for options, %20 for a space, and the files would lie elsewhere."""
    with pytest.raises(ValidationError, match="ALC_APP_HOME must not contain"):
        Config.from_env(home=tmp_path / name)


def test_a_home_that_the_locale_cannot_read_is_refused(tmp_path: Path) -> None:
    """Under LC_ALL=C Python keeps the bytes as half characters, which no database URL can have."""
    with pytest.raises(ValidationError, match="ALC_APP_HOME has characters that this locale cannot read"):
        Config.from_env(home=tmp_path / "h\udcfc")


def test_production_refuses_the_stand_ins_control_api() -> None:
    """It gives tokens to whoever asks on this machine."""
    with pytest.raises(ValidationError, match=r"MOCK_ATTIO_CONTROL .* is not allowed in production"):
        Config.from_env(env="production", mock_attio_control=True)
