"""`pip install .` in an empty environment: the doubles and what they need, and nothing of the app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.installation import Installation, install
from tests.support.servers import demo

pytestmark = pytest.mark.xdist_group("installed")

IMPORT_EVERYTHING = """
import importlib, pkgutil, mock_alc
for module in pkgutil.walk_packages(mock_alc.__path__, "mock_alc."):
    if not module.name.endswith(("__main__", "pytest_plugin", "in_process", "receiver")):
        importlib.import_module(module.name)
"""
ANSWER = """
import json
import requests
from mock_alc.config import Config
from mock_alc.server import MockAlc

with MockAlc(Config(port=0, database_url="sqlite://")) as alc:
    print(json.dumps(requests.get(alc.url + "/.well-known/oauth-authorization-server", timeout=20).json()["issuer"]))
"""
NEEDS_APP = 'pip install "acme-lead-checker[app]"'
OF_THE_APP = {"alembic", "dbos", "graphql-core", "phonenumberslite", "prometheus-client", "psycopg", "waitress"}


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation without extras."""
    return install(wheel, tmp_path_factory.mktemp("bare") / "venv")


def test_an_installation_brings_what_mock_alc_needs_and_nothing_of_the_app(bare: Installation) -> None:
    """D1: some thirty packages, for the eight that it names."""
    assert not bare.brought & OF_THE_APP
    assert {"flask", "requests", "authlib", "sqlmodel"} <= bare.brought
    assert len(bare.brought) <= 32


def test_every_module_of_mock_alc_can_be_imported_and_a_server_answers(bare: Installation) -> None:
    """D1: with these packages alone."""
    imported = bare.run("python", "-W", "error", "-c", IMPORT_EVERYTHING)
    assert imported.returncode == 0, imported.stderr

    answered = bare.run("python", "-c", ANSWER)
    assert answered.returncode == 0, answered.stderr
    assert json.loads(answered.stdout).startswith("http://127.0.0.1:")


def test_mock_alc_signs_and_says_its_version(bare: Installation) -> None:
    """The command comes with the package."""
    signed = bare.run("mock-alc", "sign", "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "--data", "{}")
    assert signed.returncode == 0, signed.stderr
    assert "webhook-signature" in signed.stdout
    assert "0.1.0" in bare.run("mock-alc", "--version").stdout


def test_the_schema_of_an_event_comes_with_the_package(bare: Installation) -> None:
    """And so does the OpenAPI document that it is taken from."""
    printed = bare.run("mock-alc", "schema", "lead.processed")
    assert printed.returncode == 0, printed.stderr
    assert json.loads(printed.stdout)["properties"]["event"] == {"const": "lead.processed"}
    assert list(bare.folder.glob("lib/python*/site-packages/mock_alc/openapi.yaml"))


def test_the_connector_kit_needs_pytest_and_nothing_of_the_app(installed: Installation, tmp_path: Path) -> None:
    """The example in its docstring, saved as a file, passes."""
    save = "import alc_app.attio.testing as t; print(t.__doc__.split('```python')[1].split('```')[0])"
    code = installed.run("python", "-c", save)
    assert code.returncode == 0, code.stderr
    (tmp_path / "test_my_connector.py").write_text(code.stdout)
    ran = installed.run("python", "-m", "pytest", "-q", "-W", "error", cwd=tmp_path)
    assert "14 passed" in ran.stdout, ran.stdout + ran.stderr


def test_postgres_without_its_driver_is_refused_with_what_to_install(bare: Installation) -> None:
    """In one sentence."""
    refused = bare.run("mock-alc", "serve", "--port", "0", "--database-url", "postgresql://a@127.0.0.1:1/b")
    assert refused.returncode != 0
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert 'pip install "psycopg[binary]"' in refused.stderr


def test_the_app_says_which_extra_it_needs(bare: Installation, tmp_path: Path) -> None:
    """Instead of a traceback."""
    refused = bare.run("alc-app", "worker", cwd=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert NEEDS_APP in refused.stderr


def test_a_demo_that_cannot_start_ends_with_the_reason(bare: Installation, tmp_path: Path) -> None:
    """It shows what the process said that could not start, and no welcome."""
    _, _, _, *arguments = demo.plan(tmp_path).command
    refused = bare.run("alc-app", *arguments)
    assert refused.returncode == 1
    said = [line for line in refused.stderr.splitlines() if "could not start" not in line]
    assert len(said) == 1, refused.stderr
    assert NEEDS_APP in said[0]
    assert "could not start. The lines above say why." in refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    assert "Press Connect" not in refused.stdout
