"""The client for ALC: the error for each answer, what goes out, and which answers are accepted."""

from datetime import UTC, datetime

import pytest

from alc_app.attio import Connection
from alc_app.clients import alc_api
from alc_app.clients.alc_api import AlcAnswerLost, AlcBusy, AlcError, AlcRefused, AlcUnknown, AlcUnreachable
from alc_app.clients.alc_models import Lead
from tests.support.fakes.runtime import Fault, Outside, never_answers, says, unreachable

ALC = Connection("connection", "alc-token")
ADA = ("11111111-1111-4111-8111-111111111111", "Ada Lovelace", "+442079460018")
CREATED = {"id": "lead_1", "record_id": ADA[0], "status": "processing", "new": {"field": 1}}


def create() -> Lead:
    """POST a lead."""
    return alc_api.create_lead(ALC, *ADA, idempotency_key="key")


@pytest.mark.parametrize(
    ("status", "why"), [(429, "ALC asked the app to wait."), (503, "ALC is not available at the moment (status 503).")]
)
def test_why_it_goes_on_later_is_named(outside: Outside, status: int, why: str) -> None:
    """C2: people are told the reason, not only that they have to wait."""
    outside.fault("POST", says(status))

    with pytest.raises(AlcBusy) as raised:
        create()
    assert raised.value.message == why


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (says(400), AlcRefused),
        (says(403), AlcRefused),
        (says(404), AlcRefused),
        (says(422), AlcRefused),
        (says(429), AlcBusy),
        (says(502), AlcBusy),
        (says(503), AlcBusy),
        (says(504), AlcBusy),
        (unreachable, AlcUnreachable),
        (says(301), AlcAnswerLost),
        (says(307), AlcAnswerLost),
        (says(409), AlcAnswerLost),
        (says(500), AlcAnswerLost),
        (says(599), AlcAnswerLost),
        (never_answers, AlcAnswerLost),
    ],
)
def test_each_failure_becomes_one_of_four_errors(outside: Outside, fault: Fault, error: type[AlcError]) -> None:
    """C2: it will not; it was not asked; nobody knows."""
    outside.fault("POST", fault)

    with pytest.raises(AlcError) as raised:
        create()
    assert type(raised.value) is error


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "{", "<html>", "[" * 100_000, '{"id": 7}', '{"id":"a/b","record_id":"r"}', '{"id":"lead_1"}'],
)
def test_a_2xx_that_cannot_be_read_says_nothing(outside: Outside, body: str) -> None:
    """C2, R13: ALC may well have done it; ids that do not look like ids are not believed."""
    outside.fault("POST", says(201, body))

    with pytest.raises(AlcAnswerLost):
        create()


def test_fields_that_are_new_are_ignored(outside: Outside) -> None:
    """R10: ALC may say more than we know."""
    outside.fault("POST", says(201, CREATED))

    assert create() == Lead(id="lead_1", record_id=ADA[0])


@pytest.mark.parametrize("status", [409, 429, 503])
@pytest.mark.parametrize("value", ["7", " 7 "])
def test_the_wait_that_alc_asks_for_is_kept(outside: Outside, status: int, value: str) -> None:
    """R21: for whoever tries again."""
    outside.fault("POST", says(status, Retry_After=value))

    with pytest.raises(AlcError) as raised:
        create()
    assert raised.value.retry_after == 7


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"message": "The number is a landline."}}, "The number is a landline."),
        (
            {"error": {"message": "Invalid.", "fields": {"phoneNumber": "Not E.164."}}},
            "ALC does not accept the phone number: Not E.164.",
        ),
        ({"error": {"message": "x" * 9999}}, "x" * 300),
        ({"error": {"message": "No.", "fields": ["x"]}}, "ALC refused the request without saying why."),
        ({"error": "no"}, "ALC refused the request without saying why."),
        ({}, "ALC refused the request without saying why."),
        ([], "ALC refused the request without saying why."),
        ("<html>", "ALC refused the request without saying why."),
        ("[" * 100_000, "ALC refused the request without saying why."),
    ],
)
def test_a_refusal_is_explained_as_far_as_alc_explains_it(outside: Outside, body: object, reason: str) -> None:
    """Errors teach: ALC's sentence, bounded, or one of ours; never a traceback."""
    outside.fault("POST", says(422, body))

    with pytest.raises(AlcRefused) as raised:
        create()
    assert raised.value.message == reason


@pytest.mark.parametrize("name", ["Ada\nLovelace", "Ada\tLovelace\r\n", " Ada \u00a0 Lovelace", "Ada\0Lovelace"])
def test_white_space_in_a_name_is_sent_as_one_space(outside: Outside, name: str) -> None:
    """A name that was pasted into the CRM with a line break is a name."""
    alc_api.create_lead(ALC, ADA[0], name, ADA[2], idempotency_key="key")

    assert outside.sent("POST")[0]["name"] == "Ada Lovelace"


@pytest.mark.parametrize("number", ["+14155550123", "+442079460018", "+1234567", "+123456789012345"])
def test_international_numbers_are_sent(outside: Outside, number: str) -> None:
    """C6: E.164, 7 to 15 digits."""
    alc_api.create_lead(ALC, ADA[0], ADA[1], number, idempotency_key="key")

    assert outside.sent("POST")[0]["phoneNumber"] == number


@pytest.mark.parametrize(
    "number",
    [
        "",
        "020 7946 0018",
        "+44 20 7946 0018",
        "+0123456789",
        "+123456",
        "+1234567890123456",
        "+14155550123\n",
        "+1٤١٥٥٥٥٠١٢٣",
    ],
)
def test_other_numbers_never_reach_alc(outside: Outside, number: str) -> None:
    """C6: also one with a line break at its end or with digits of another script."""
    with pytest.raises(AlcRefused):
        alc_api.create_lead(ALC, ADA[0], ADA[1], number, idempotency_key="key")
    assert not outside.calls


def test_a_lead_is_found_by_its_key(outside: Outside) -> None:
    """4.1: `{"leads": […], "next_cursor"}`; nothing found is None."""
    create()

    assert alc_api.find_lead(ALC, idempotency_key="key") == Lead(id="lead_1", record_id=ADA[0])
    assert alc_api.find_lead(ALC, idempotency_key="another&record_id=x") is None
    assert outside.calls[-1][1] == "/api/v1/leads?idempotency_key=another%26record_id%3Dx"


def test_our_webhooks_are_found_by_name(outside: Outside) -> None:
    """4.1: `{"webhooks": […]}`; a name of ours, and of nobody else."""
    made = alc_api.create_webhook(ALC, name="ours", url="https://app.test/hooks/1", event="lead.processed", secret="s")
    alc_api.create_webhook(ALC, name="theirs", url="https://app.test/hooks/2", event="lead.processed", secret="s")

    assert alc_api.find_webhooks(ALC, name="ours") == [made]
    outside.fault("GET", says(200, {"webhooks": list(outside.webhooks.values())}))
    assert alc_api.find_webhooks(ALC, name="ours") == [made], "a filter that ALC does not know is applied here"


def test_a_webhook_that_alc_has_and_hides_is_refused(outside: Outside) -> None:
    """C8: 409, and then no such name: somebody has to look."""
    outside.fault("POST", says(409))

    with pytest.raises(AlcRefused):
        alc_api.create_webhook(ALC, name="ours", url="https://app.test", event="lead.processed", secret="s")


@pytest.mark.parametrize(
    ("webhook_id", "path"),
    [("../leads", "..%2Fleads"), ("a?b=c", "a%3Fb%3Dc"), ("%2e%2e", "%252e%252e"), ("a/b", "a%2Fb")],
)
def test_ids_cannot_leave_their_place_in_the_path(outside: Outside, webhook_id: str, path: str) -> None:
    """R13: quoted, whatever they hold."""
    alc_api.delete_webhook(ALC, webhook_id)

    assert outside.calls[0][1] == f"/api/v1/webhooks/{path}"


def test_a_secret_of_ours_replaces_the_one_at_alc(outside: Outside) -> None:
    """R5: ALC says when the previous one ends; a webhook that is gone is refused, because nothing was replaced."""
    alc_api.create_webhook(ALC, name="ours", url="https://app.test/hooks/1", event="lead.processed", secret="s")
    rotated = alc_api.rotate_secret(ALC, "wh_1", secret="new")

    assert outside.secrets == {"wh_1": "new"}
    assert rotated.previous_secret_expires_at == datetime(2023, 11, 15, 22, 13, 20, tzinfo=UTC)
    with pytest.raises(AlcRefused):
        alc_api.rotate_secret(ALC, "wh_gone", secret="new")


def test_a_webhook_that_is_gone_is_deleted(outside: Outside) -> None:
    """W11: the second DELETE is a success."""
    alc_api.delete_webhook(ALC, "wh_never_was")

    assert outside.calls[0][:2] == ("DELETE", "/api/v1/webhooks/wh_never_was")


def test_410_is_as_good_as_404(outside: Outside) -> None:
    """C10: whoever took it for a refusal would try to delete what is gone for thirty days."""
    outside.fault("DELETE", says(410))
    alc_api.delete_webhook(ALC, "wh_1")

    outside.fault("POST", says(410))
    assert alc_api.refresh_webhook(ALC, "wh_1") is None

    outside.fault("GET", says(410))
    with pytest.raises(AlcUnknown):
        alc_api.get_lead(ALC, "lead_1")
