"""What can go wrong with a write to a person, as `GET /_mock/operations` lists it."""

from mock_alc.double.operations import Operation, answers_to

WRITE = "PATCH /v2/objects/people/records/*"
OPERATIONS = (
    Operation(
        "crm_answer",
        "The CRM's next answer to a write to {who} {how}.",
        answers_to(WRITE, done="the CRM has stored it"),
        place="before",
    ),
)
