"""The inspector on real servers: a run is found by its person, on both tabs, and a delivery is processed again."""

from tests.support.people import User
from tests.support.servers.clients import Alc, Attio
from tests.support.waiting import eventually


def test_a_run_is_found_by_its_person_and_its_delivery_is_processed_again(user: User, alc: Alc, attio: Attio) -> None:
    """Requests and deliveries name the person and the event; processing again changes nothing at ALC."""
    record_id = attio.add_person("Ottilie Inspected", "+442079460018")
    user.click_send(record_id)
    [lead] = alc.leads(record_id)
    alc.decide(lead["id"], "interested")
    user.wait_for_status(record_id, "Complete")

    def found(tab: str, words: str) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = user.get(f"/inspector/rows.json?tab={tab}&q={words}").json()["rows"]
        return rows

    requests = eventually(
        lambda: len(rows := found("requests", "inspected+ottilie")) > 5 and rows,
        what=lambda: found("requests", "inspected+ottilie"),
    )
    named = {(row["method"], row["path"], row["status"]): row["person"] for row in requests or []}
    assert named["POST", "/api/v1/leads", "201 Created"] == "Ottilie Inspected"
    assert set(named.values()) <= {"Ottilie Inspected", ""}, "a call about several people names none"
    assert found("requests", lead["id"])

    [delivery] = [row for row in found("deliveries", "ottilie") if row["event"] == "lead.processed"]
    assert (delivery["person"], delivery["sender"]) == ("Ottilie Inspected", "ALC")
    page = user.get("/inspector?tab=deliveries&q=ottilie").text
    assert delivery["webhook_id"] in page
    assert user.post("/inspector/deliveries", data={"id": delivery["id"], "q": "ottilie"}).ok
    eventually(
        lambda: found("deliveries", delivery["webhook_id"])[0]["tries"] != delivery["tries"],
        what=lambda: found("deliveries", delivery["webhook_id"]),
    )
    assert attio.history(record_id, "alc_status") == ["Pending", "Complete"]
    assert len(alc.leads(record_id)) == 1
