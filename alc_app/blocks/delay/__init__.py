"""The step block "Delay". Attio has its own; it is here because there is no Attio around these workflows."""

from alc_app.attio import StepBlock
from alc_app.blocks.delay.block import block
from alc_app.blocks.delay.execute import execute

delay_block = StepBlock(block, execute)
