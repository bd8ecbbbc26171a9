"""`/_mock/operations`: what can happen to a caller of this mock."""

from flask.typing import ResponseReturnValue

from mock_alc.double.control.shared import shared_api
from mock_alc.double.services import double


@shared_api.get("/operations")
def list_operations() -> ResponseReturnValue:
    """List every variant of every operation: its sentence, its fault, and which request or event it spoils."""
    return {"operations": [row for operation in double().operations for row in operation.as_json()]}
