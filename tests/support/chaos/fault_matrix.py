"""The fault matrix: for each stage of the app's work, the places at which a crash is tested.

`scripts/test tests/e2e/test_kill.py` kills a real process at each place; test_fault_matrix.py compares them with the
code.
"""

from __future__ import annotations


def around(*steps: str) -> list[str]:
    """Return both places of each step: before its work, and after it but before its result is saved."""
    return [f"{step}.{place}" for step in steps for place in ("before", "after")]


MATRIX: dict[str, list[str]] = {
    "Install 1 connect click": ["flow_stored"],
    "Install 2 callback": ["callback_accepted"],
    "Install 3 code exchange": around("exchange_code"),
    "Install 4 tokens in hand": ["tokens_in_hand"],
    "Install 5 handler row made": around("create_webhook_handler"),
    "Install 6 POST webhooks": around("create_webhook"),
    "Install 7 store external id": around("update_webhook_handler", "subscribe_soon", "repair"),
    "Install 7' a connector subscribes": around("maintain_subscription"),
    "Install 8 mark active": around("save"),
    "Install 9 replace the old one": around("find_handover"),
    "Install, undone": around("refuse", "find_webhooks"),
    "Send 3 intent row": ["intent_written", *around("claim_for_send", "get_workspace_connection")],
    "Send 4 POST leads": around("_post", "create_lead"),
    "Send 4 answer lost": around(
        "find_lead", "retry_later", "mark_not_sent", "claim_to_resolve", "mark_never_received"
    ),
    "Send 4' 401 inside": ["tokens_refreshed"],
    "Send 5 store lead id": around("mark_sent"),
    "Send 6 PATCH Attio": [
        *around("write_record", "update_record", "mark_synced", "read_shown"),
        *around("retry_sync_later", "mark_gone"),
    ],
    "Webhook 2 verify": ["delivery_verified"],
    "Webhook 3 inbox commit": ["delivery_stored", "delivery_claimed"],
    "Worker at rest": ["relay_looks"],
    "Webhook 4 PATCH Attio": around("apply_verdict"),
    "Webhook, never came": around(
        "next_verdict_check", "find_verdict", "start_reconciliation", "list_verdicts", "apply_verdicts"
    ),
    "Prospect 1 whose": around("record_of"),
    "Prospect 2 PUT Attio": around("assert_record"),
    "CRM 1 somebody sets Requested": around(
        "ask_for_changes", "read_person", "open_requested_send", "forget_changes", "find_requested"
    ),
    "CRM 2 a record is deleted": around("is_gone"),
    "CRM 3 two records are merged": around("move_leads"),
    "Rotate 1 store the secrets": ["secrets_stored"],
    "Rotate 2 POST rotate-secret": around("tell_secret", "rotate_secret"),
    "Workflow 1 trigger": around("plan_activation", "save_activation", "start_run"),
    "Workflow 2 step": around("take_turn", "save_outcome", "create_task"),
    "Workflow 3 wait": around("add_wait", "notify_workflow"),
    "Remove 1 click": around("start_removal"),
    "Remove 1' strict": around("restore_later", "keep_connection", "start_restoring", "end_restoring"),
    "Remove 2 DELETE ALC": around("list_webhook_handlers", "delete_webhook", "unsubscribe", "retry_removal_later"),
    "Remove 3 tombstone": around("delete_webhook_handler"),
    "Remove 4 revoke": around("revoke", "erase"),
}
EVERYWHERE = {place for places in MATRIX.values() for place in places}
