"""The step block "Create task". Attio has its own; our workflows run without Attio and need one."""

from alc_app.attio import StepBlock
from alc_app.blocks.create_task.block import block
from alc_app.blocks.create_task.execute import execute

create_task_block = StepBlock(block, execute)
