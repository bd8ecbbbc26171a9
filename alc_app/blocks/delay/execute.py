"""Defer without a callback: the step continues when its time is over."""

from alc_app.attio.workflows import Defer, Outcome, StepMetadata
from alc_app.blocks.delay.block import Config


def execute(*, config: Config, metadata: StepMetadata) -> Defer:
    """Wait for the duration."""
    del metadata
    return Defer(config.duration, then=Outcome("done"))
