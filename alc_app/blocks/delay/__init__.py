"""The step block "Delay". Attio has its own; our workflows run without Attio and need one."""

from alc_app.attio import StepBlock
from alc_app.blocks.delay.block import block
from alc_app.blocks.delay.execute import execute

delay_block = StepBlock(block, execute)
