"""The current runtime, and steps: done once, remembered as JSON, and raised again as the errors that they were."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from alc_app.attio.host.context import current, outcome, running, settle, step
from alc_app.attio.host.errors import FetchAnswerLost
from tests.support.fakes.runtime import Crash, FakeRuntime


class Found(BaseModel):
    """Something with a shape."""

    name: str
    inner: Found | None = None


calls: list[str] = []


@step
def find(name: str) -> Found | None:
    """A step whose return type is named further up, and may be None."""
    calls.append(name)
    return Found(name=name, inner=Found(name="inner")) if name else None


@step
def fail() -> None:
    """A step that fails in a way that was foreseen."""
    calls.append("fail")
    raise FetchAnswerLost("It is late.", retry_after=2.0)


@step
def stumble() -> list[int]:
    """A step that fails in a way that nobody foresaw."""
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def forget() -> None:
    """Each test counts its own calls."""
    calls.clear()


def test_outside_of_a_runtime_app_code_says_where_to_look() -> None:
    """Errors teach."""
    with pytest.raises(RuntimeError, match=r"alc_app/attio/host/context\.py"):
        current()


def test_runtimes_nest_and_the_outer_one_comes_back(runtime: FakeRuntime) -> None:
    """Also when the inner code raises."""
    inner = FakeRuntime()
    with pytest.raises(ZeroDivisionError), running(inner):
        assert current() is inner
        stumble()

    assert current() is runtime
    inner.database.close()


@pytest.mark.parametrize("name", ["x", ""])
def test_a_value_comes_back_in_its_shape_and_the_work_is_done_once(runtime: FakeRuntime, name: str) -> None:
    """C7: the same before and after a crash."""
    first = find(name)
    runtime.restart()

    assert find(name) == first
    assert isinstance(first, Found) is bool(name)
    assert len(calls) == 1


def test_an_error_comes_back_by_name_and_the_work_is_not_tried_again(runtime: FakeRuntime) -> None:
    """C7: a failure is an outcome too."""
    for _ in range(2):
        with pytest.raises(FetchAnswerLost, match="It is late") as raised:
            fail()
        assert raised.value.retry_after == 2.0
        runtime.restart()

    assert calls == ["fail"]


def test_an_error_that_nobody_foresaw_is_no_outcome(runtime: FakeRuntime) -> None:
    """It ends the run, and is in the log."""
    with pytest.raises(ZeroDivisionError):
        stumble()


@pytest.mark.parametrize(("when", "times"), [("before", 1), ("after", 2)])
def test_a_step_that_was_cut_off_is_done_again(runtime: FakeRuntime, when: str, times: int) -> None:
    """Section 4.2 of the engine's notes: at least once is the best there is, so effects carry keys."""
    runtime.crash(when, 0)
    with pytest.raises(Crash):
        find("x")
    runtime.restart()

    assert find("x")
    assert len(calls) == times


def test_outcomes_are_settled_as_what_they_were() -> None:
    """`outcome` and `settle` are inverse."""
    assert settle(outcome(lambda: [1, None])) == [1, None]
    with pytest.raises(FetchAnswerLost):
        settle(outcome(lambda: (_ for _ in ()).throw(FetchAnswerLost("x"))))


def test_a_step_keeps_the_name_and_the_words_of_its_function() -> None:
    """The engine's tables and the reader both see it."""
    assert find.__name__ == "find"
    assert (find.__doc__ or "").startswith("A step")
