"""The steps of a connect run in words: those that are done, the one that runs and those to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alc_app.attio.host.runs import FinishedStep

State = Literal["done", "failed", "running", "waiting", "left_out"]


@dataclass(frozen=True)
class ConnectRun:
    """The progress of a connect run."""

    done: Sequence[FinishedStep] = ()
    is_over: bool = True


@dataclass(frozen=True)
class ShownStep:
    """A step as the page shows it; `ms` is its duration."""

    title: str
    text: str
    state: State
    ms: float | None = None


# Tutorial steps Installation 4-7. Each is a durable step of the worker, so a crash repeats none that is done.
TEXTS = {
    "exchange_code": ("Exchange the code for tokens", "The app encrypts them before it stores them."),
    "create_webhook_handler": (
        "Create a webhook handler",
        "The handler gets its own address and its own signing secret.",
    ),
    "create_webhook": ("Register the webhook at ALC", "Now ALC knows where to send results."),
    "update_webhook_handler": (
        "Remember ALC's id of the webhook",
        "The app needs it to delete the webhook when you disconnect.",
    ),
    "save": ("Save the connection", "The app is installed, and you can send leads."),
}


def shown_steps(run: ConnectRun) -> list[ShownStep]:
    """Return the five steps with their states. One step runs at a time; those after a failed one are left out."""
    done = {step.name: step for step in run.done}
    shown: list[ShownStep] = []
    ended = False
    for name, (title, text) in TEXTS.items():
        step = done.get(name)
        if step and not step.failed:
            shown.append(ShownStep(title, text, "done", step.ms))
            continue
        state: State = "waiting"
        if step or run.is_over:
            state = "left_out" if ended else "failed"
        elif not ended:
            state = "running"
        ended = True
        shown.append(ShownStep(title, text, state, step.ms if step else None))
    return shown
