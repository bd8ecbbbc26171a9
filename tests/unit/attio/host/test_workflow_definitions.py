"""Definitions of workflows: what is wrong with one is found before anybody runs it."""

from __future__ import annotations

import pytest

from alc_app.app import app as manifest
from alc_app.attio.host.workflow_definitions import NoSuchValue, Step, Workflow, resolve

BLOCKS = {block.block.id: block for block in manifest.blocks}


@pytest.mark.parametrize("workflow", manifest.workflows, ids=lambda workflow: workflow.id)
def test_the_ready_workflows_have_no_mistakes(workflow: Workflow) -> None:
    """Each step, each outcome and each branch is there."""
    assert not list(workflow.mistakes(BLOCKS))


def test_mistakes_are_named() -> None:
    """Errors teach."""
    broken = Workflow(
        id="broken",
        title="",
        description="",
        first="nowhere",
        steps={
            "a": Step(block="delay", then={"never": "b", "done": "nowhere"}),
            "b": Step(block="delay", then={"done": "c"}),
            "c": Step(block="delay", then={"done": "b"}),
            "d": Step(block="lead-processed"),
        },
    )

    told = " ".join(broken.mistakes(BLOCKS))

    for part in ("starts at 'nowhere'", "no outcome 'never'", "done leads to 'nowhere'", "b leads back", "lead-proc"):
        assert part in told


def test_a_version_is_named_by_what_the_definition_says() -> None:
    """The same text is the same version, on every machine."""
    first = manifest.workflows[0]
    assert first.version_id == Workflow.model_validate_json(first.model_dump_json()).version_id
    assert first.model_copy(update={"title": "Other"}).version_id != first.version_id


def test_variables_are_filled_in() -> None:
    """A text that is one variable becomes its value; within a text it becomes a part of it."""
    found = {"trigger": {"n": 3, "name": "Ada"}}
    assert resolve({"a": "{{trigger.n}}", "b": "Hi {{ trigger.name }}!", "c": 1}, found) == {
        "a": 3,
        "b": "Hi Ada!",
        "c": 1,
    }
    with pytest.raises(NoSuchValue, match=r"no value trigger\.x"):
        resolve("{{trigger.x}}", found)
