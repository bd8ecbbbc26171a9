"""`kv`: the store as an app sees it, the same on the fake of the tests as on the real runtime."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alc_app.app import app as manifest
from alc_app.attio.host.context import running
from alc_app.attio.kv import Found
from alc_app.attio.server import kv
from alc_app.config.settings import Config
from alc_app.runtime.context import AppContext
from alc_app.runtime.services import Services
from tests.support.fakes.runtime import FakeRuntime

Pass = Callable[[float], None]


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def let_pass(request: pytest.FixtureRequest, tmp_path: Path, empty_databases: Path) -> Iterator[Pass]:
    """Runs the test inside a runtime, and moves its clock."""
    if request.param == "fake":
        runtime: FakeRuntime = request.getfixturevalue("runtime")
        yield lambda seconds: setattr(runtime, "time", runtime.time + seconds)
        return
    shutil.copytree(empty_databases, tmp_path / "home", ignore=shutil.ignore_patterns("*_key"))
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres")
    clock = [time.time()]
    services = Services(Config.from_env(home=tmp_path / "home", database_url=url), manifest, lambda: clock[0])
    with running(AppContext(services)):
        yield lambda seconds: clock.append(clock.pop() + seconds)
    services.close()


def test_a_value_is_kept_until_it_is_replaced_or_deleted(let_pass: Pass) -> None:
    """Any JSON; and nothing is not None."""
    assert kv.get("key") is None
    for value in ({"a": [1, 2.5, None, True]}, "text", None, False, 0):
        kv.set("key", value)
        assert kv.get("key") == Found(value)
    let_pass(400 * 86_400.0)
    assert kv.get("key") == Found(0)

    kv.delete("key")
    kv.delete("key")
    assert kv.get("key") is None


def test_a_value_ends_with_its_time(let_pass: Pass) -> None:
    """By the runtime's clock. Setting a key again restarts its time; without a time it stays."""
    kv.set("key", 1, ttl_in_seconds=60)
    let_pass(59)
    assert kv.get("key") == Found(1)
    kv.set("key", 2, ttl_in_seconds=60)
    let_pass(59)
    assert kv.get("key") == Found(2)
    let_pass(1)
    assert kv.get("key") is None
    kv.set("key", 3, ttl_in_seconds=60)
    kv.set("key", 4)
    let_pass(61)
    assert kv.get("key") == Found(4)


def test_several_are_read_by_one_look(let_pass: Pass) -> None:
    """Each of the keys is in the answer."""
    kv.set("one", 1)
    assert kv.mget(["one", "two"]) == {"one": Found(1), "two": None}
    assert kv.mget([]) == {}


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), b"bytes"])
def test_what_json_cannot_hold_is_refused(let_pass: Pass, value: object) -> None:
    """When it is set, not when it is read."""
    with pytest.raises((TypeError, ValueError)):
        kv.set("key", value)
    assert kv.get("key") is None


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_time_that_is_not_to_come_is_refused(let_pass: Pass, seconds: float) -> None:
    """It would be a deletion that looks like none."""
    with pytest.raises(ValueError, match="ttl_in_seconds"):
        kv.set("key", 1, ttl_in_seconds=seconds)
