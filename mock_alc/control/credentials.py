"""`/_mock/tokens` and `/_mock/clients`: credentials without a browser."""

from flask.typing import ResponseReturnValue

from mock_alc.base.accounts import DEMO_ACCOUNT, find_or_make_account
from mock_alc.base.bodies import optional_json_body
from mock_alc.base.credentials import new_id, new_token
from mock_alc.base.errors import invalid, not_found
from mock_alc.control.blueprint import control_api
from mock_alc.double.control.guard import optional_texts
from mock_alc.oauth import issue
from mock_alc.oauth.clients import UnusableRedirectUri, register_client
from mock_alc.oauth.tables import AUTH_METHODS, SCOPES, Client
from mock_alc.services import alc

OWN_CLIENT = "control"


@control_api.post("/tokens")
def make_tokens() -> ResponseReturnValue:
    """Issue an access and a refresh token, as if a person had consented."""
    wanted = optional_texts("scope", "account", "client_id")
    scope, now = wanted.get("scope", " ".join(SCOPES)), alc().now()
    if not set(scope.split()) <= set(SCOPES):
        raise invalid({"scope": f"The scopes are: {' '.join(SCOPES)}."})
    access, refresh = issue.new_access_token(), issue.new_refresh_token()
    lifetime = alc().config.access_token_lifetime
    with alc().database.write() as session:
        account = find_or_make_account(session, wanted.get("account", DEMO_ACCOUNT))
        client_id = wanted.get("client_id") or alc().config.client_id or OWN_CLIENT
        if session.get(Client, client_id) is None:
            if client_id != OWN_CLIENT:
                raise not_found("client")
            register_client(session, client_id=OWN_CLIENT, secret=None, redirect_uris=[])
        family = issue.create_family(session, client_id, account.id, now)
        issue.save_tokens(
            session, alc().config, family, access=access, refresh=refresh, scope=scope, now=now, lifetime=lifetime
        )
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "refresh_token": refresh,
        "scope": scope,
        "account": account.id,
        "client_id": client_id,
    }, 201


@control_api.delete("/tokens")
def revoke_tokens() -> ResponseReturnValue:
    """Revoke all tokens of all accounts, as if somebody at ALC had ended all access."""
    with alc().database.write() as session:
        return {"revoked": issue.revoke_all(session, alc().now())}


@control_api.post("/tokens/expire")
def expire_tokens() -> ResponseReturnValue:
    """Let every access token expire now. Its refresh token stays valid."""
    with alc().database.write() as session:
        return {"expired": issue.expire_all(session, alc().now())}


@control_api.post("/clients")
def make_client() -> ResponseReturnValue:
    """Register an OAuth client, or replace one, and return its credentials."""
    wanted = optional_texts(
        "client_id", "client_secret", "token_endpoint_auth_method", "scope", besides=["redirect_uris"]
    )
    uris = optional_json_body().get("redirect_uris")
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        raise invalid({"redirect_uris": "This field must be a list of strings."})
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
