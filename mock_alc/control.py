"""The control door `/_mock`: how a test, on this machine only, resets the mock, looks into it and hurries it on."""

from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from sqlmodel import col, func, select

from mock_alc import agent
from mock_alc.accounts import DEMO_ACCOUNT, find_or_make_account
from mock_alc.api import optional_json_body, text_problem
from mock_alc.config import is_loopback
from mock_alc.conversations import OUTCOMES
from mock_alc.credentials import new_id, new_token
from mock_alc.errors import ApiError, invalid, not_found
from mock_alc.leads import DECIDED, Lead
from mock_alc.oauth import issue
from mock_alc.oauth.clients import UnusableRedirectUri, register_client
from mock_alc.oauth.tables import AUTH_METHODS, SCOPES, Client
from mock_alc.outbox import Delivery, announce, attempts_of, resend
from mock_alc.services import alc
from mock_alc.webhooks import Webhook

door = Blueprint("control", __name__, url_prefix="/_mock")
OWN_CLIENT = "control"
PROSPECT_FIELDS = ("prospectId", "prospectName", "prospectEmail")


@door.before_request
def _only_this_machine() -> None:
    """Let in programs on this machine; a page in a browser here is a stranger's hand, so it stays out."""
    if not is_loopback(request.remote_addr or ""):
        raise ApiError(403, "loopback_only", "The control door answers this machine only.")
    if "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise ApiError(403, "not_for_pages", "The control door does not answer web pages.")


@door.post("/reset")
def reset() -> ResponseReturnValue:
    """Cancel the work under way and return to the state of a first start."""
    alc().reset()
    return {"status": "reset"}


@door.get("/state")
def state() -> ResponseReturnValue:
    """Count what there is, by status."""
    now = alc().now()
    with alc().database.read() as session:
        leads = dict(session.exec(select(Lead.status, func.count()).group_by(col(Lead.status))).all())
        deliveries = dict(session.exec(select(Delivery.state, func.count()).group_by(col(Delivery.state))).all())
        webhooks = [webhook.status(now) for webhook in session.exec(select(Webhook))]
        clients = list(session.exec(select(Client.client_id)))
    return {
        "leads": leads,
        "deliveries": deliveries,
        "webhooks": {status: webhooks.count(status) for status in set(webhooks)},
        "clients": clients,
        "idle": not leads.get("processing") and not deliveries.get("pending"),
    }


@door.post("/tokens")
def make_tokens() -> ResponseReturnValue:
    """Hand out an access and a refresh token, as if a person had consented."""
    wanted = _texts("scope", "account", "client_id")
    scope, now = wanted.get("scope", " ".join(SCOPES)), alc().now()
    if not set(scope.split()) <= set(SCOPES):
        raise invalid({"scope": f"The scopes are: {' '.join(SCOPES)}."})
    access, refresh = issue.new_access_token(), issue.new_refresh_token()
    with alc().database.write() as session:
        account = find_or_make_account(session, wanted.get("account", DEMO_ACCOUNT))
        client_id = wanted.get("client_id") or alc().config.client_id or OWN_CLIENT
        if session.get(Client, client_id) is None:
            if client_id != OWN_CLIENT:
                raise not_found("client")
            register_client(session, client_id=OWN_CLIENT, secret=None, redirect_uris=[])
        family = issue.begin_family(session, client_id, account.id, now)
        issue.save_tokens(session, alc().config, family, access=access, refresh=refresh, scope=scope, now=now)
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": alc().config.access_token_lifetime,
        "refresh_token": refresh,
        "scope": scope,
        "account": account.id,
        "client_id": client_id,
    }, 201


@door.post("/clients")
def make_client() -> ResponseReturnValue:
    """Register an OAuth client, or replace one, and return its credentials."""
    wanted = _texts("client_id", "client_secret", "token_endpoint_auth_method", "scope")
    uris = optional_json_body().get("redirect_uris")
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise invalid({"redirect_uris": "This field must be a list of texts."})
    method = wanted.get("token_endpoint_auth_method")
    if method not in (None, *AUTH_METHODS):
        raise invalid({"token_endpoint_auth_method": f"This field must be one of: {', '.join(AUTH_METHODS)}."})
    scope = wanted.get("scope", " ".join(SCOPES))
    if not set(scope.split()) <= set(SCOPES):
        raise invalid({"scope": f"The scopes are: {' '.join(SCOPES)}."})
    client_id = wanted.get("client_id") or new_id("client")
    secret = None if method == "none" else wanted.get("client_secret") or new_token("alc_cs")
    try:
        with alc().database.write() as session:
            client = register_client(
                session, client_id=client_id, secret=secret, redirect_uris=uris,
                auth_methods=[method] if method else None, scope=scope,
            )  # fmt: skip
    except UnusableRedirectUri as problem:
        raise invalid({"redirect_uris": str(problem)}) from problem
    shown = {"client_id": client_id, "redirect_uris": uris, "scope": scope}
    shown |= {"token_endpoint_auth_method": client.auth_methods[0]}
    return {**shown, "client_secret": secret} if secret else shown, 201


@door.get("/leads")
def list_leads() -> ResponseReturnValue:
    """List every account's leads, oldest first."""
    with alc().database.read() as session:
        found = list(session.exec(select(Lead).order_by(col(Lead.seq))))
    return {"leads": [{**lead.as_json(alc().now()), "account": lead.account_id} for lead in found]}


@door.post("/leads/<lead_id>/decide")
def decide(lead_id: str) -> ResponseReturnValue:
    """Let the agent decide now, perhaps with a given `interest` and `status`."""
    wanted = _texts("interest", "status")
    for name, allowed in (("interest", OUTCOMES), ("status", DECIDED)):
        if wanted.get(name) not in (None, *allowed):
            raise invalid({name: f"This field must be one of: {', '.join(allowed)}."})
    with alc().database.write() as session:
        lead = session.exec(select(Lead).where(Lead.id == lead_id)).one_or_none()
        if lead is None:
            raise not_found("lead")
        if not agent.decide(session, lead_id, alc().now(), **wanted):
            raise ApiError(409, "already_decided", f"The agent has decided about this lead: {lead.status}.")
    alc().worker.wake()
    return lead.as_json(alc().now())


@door.post("/prospects")
def update_prospect() -> ResponseReturnValue:
    """Tell the webhooks for `prospect.updated` of a person whose data changed."""
    wanted = _texts("account", *PROSPECT_FIELDS)
    data = {field: wanted.get(field) for field in PROSPECT_FIELDS}
    missing = {field: problem for field, value in data.items() if (problem := text_problem(value))}
    if missing:
        raise invalid(missing)
    with alc().database.write() as session:
        account = find_or_make_account(session, wanted.get("account", DEMO_ACCOUNT))
        # The event's name has a dot, the body's has an underscore: so the receiver's example spells it.
        payload = {"event": "prospect_updated", "data": data}
        queued = announce(session, account.id, "prospect.updated", payload, alc().now(), traceparent=g.traceparent)
    alc().worker.wake()
    return {"deliveries": [delivery.id for delivery in queued]}, 202


@door.get("/deliveries")
def list_deliveries() -> ResponseReturnValue:
    """List every delivery with its attempts, oldest first."""
    with alc().database.read() as session:
        found = list(session.exec(select(Delivery).order_by(col(Delivery.created_at), col(Delivery.id))))
        attempts = attempts_of(session, [delivery.id for delivery in found])
    return {
        "deliveries": [
            {**delivery.as_json(), "attempts": [attempt.as_json() for attempt in attempts[delivery.id]]}
            for delivery in found
        ]
    }


@door.post("/deliveries/<delivery_id>/resend")
def resend_delivery(delivery_id: str) -> ResponseReturnValue:
    """Send a past delivery again, under the same id."""
    with alc().database.write() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is None:
            raise not_found("delivery")
        if not resend(session, delivery, alc().now()):
            raise ApiError(409, "webhook_not_active", "The webhook of this delivery no longer listens.")
    alc().worker.wake()
    return {"delivery_id": delivery_id}, 202


@door.get("/requests")
def list_requests() -> ResponseReturnValue:
    """List the API and OAuth requests since the reset, oldest first, with secrets masked."""
    return {"requests": alc().received.all()}


def _texts(*names: str) -> dict[str, str]:
    """Return those of the optional text fields that were sent; raises ApiError 422 for one that is no text."""
    body: dict[str, Any] = optional_json_body()
    given = {name: body[name] for name in names if body.get(name) is not None}
    wrong = {name: problem for name, value in given.items() if (problem := text_problem(value))}
    if wrong:
        raise invalid(wrong)
    return given
