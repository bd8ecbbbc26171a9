"""Codes and tokens in the database: issue, redeem once, revoke by family."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import Session, col, select

from mock_alc.base.credentials import digest, new_id, new_token
from mock_alc.base.database import changed_rows
from mock_alc.config import Config
from mock_alc.oauth.tables import AuthorizationCode, Client, Token, TokenFamily

MAX_PRESENTATIONS = 2  # One failed attempt to redeem a code is allowed; a second one invalidates it (A5).


def new_access_token(**_request: object) -> str:
    """Return a new access token."""
    return new_token("alc_at")


def new_refresh_token(**_request: object) -> str:
    """Return a new refresh token."""
    return new_token("alc_rt")


def create_family(session: Session, client_id: str, account_id: str, now: datetime) -> TokenFamily:
    """Record a consent: all codes and tokens that follow from it belong to this family."""
    family = TokenFamily(id=new_id("grant"), client_id=client_id, account_id=account_id, created_at=now)
    session.add(family)
    session.flush()
    return family


def revoke_family(session: Session, family_id: str, now: datetime) -> None:
    """Revoke every token of a family, also those that another transaction is issuing."""
    living = update(TokenFamily).where(col(TokenFamily.id) == family_id, col(TokenFamily.revoked_at).is_(None))
    changed_rows(session, living.values(revoked_at=now))


def revoke_all(session: Session, now: datetime) -> int:
    """Revoke every family; return how many there were."""
    living = update(TokenFamily).where(col(TokenFamily.revoked_at).is_(None))
    return changed_rows(session, living.values(revoked_at=now))


def expire_all(session: Session, now: datetime) -> int:
    """Let every access token expire; return how many were valid. Refresh tokens stay as they are."""
    valid = update(Token).where(col(Token.access_expires_at) > now)
    return changed_rows(session, valid.values(access_expires_at=now))


def find_family_id(session: Session, client_id: str, value: str) -> str | None:
    """Return the family of a code, refresh token or access token that this client was given; None for any other."""
    hashed = digest(value)
    owned = (
        select(AuthorizationCode.family_id).where(
            AuthorizationCode.code_sha256 == hashed, AuthorizationCode.client_id == client_id
        ),
        select(Token.family_id).where(
            or_(col(Token.refresh_sha256) == hashed, col(Token.access_sha256) == hashed), Token.client_id == client_id
        ),
    )
    return next((found for one in owned if (found := session.exec(one).first()) is not None), None)


def present_code(session: Session, value: str, client: Client, now: datetime) -> AuthorizationCode | None:
    """Return the code if this client may redeem it, else None; revoke the family of a used code (A5, A6)."""
    found = select(AuthorizationCode).where(
        AuthorizationCode.code_sha256 == digest(value), AuthorizationCode.client_id == client.client_id
    )
    code = session.exec(found).one_or_none()
    if code is None:
        return None
    if code.used_at is not None:
        revoke_family(session, code.family_id, now)
    if code.used_at is not None or code.expires_at <= now or code.presented >= MAX_PRESENTATIONS:
        return None
    code.presented += 1
    return code


def redeem_code(session: Session, code: AuthorizationCode, now: datetime) -> bool:
    """Mark the code as used; of concurrent requests one gets True, and the others revoke the family (A4)."""
    unused = update(AuthorizationCode).where(
        col(AuthorizationCode.code_sha256) == code.code_sha256, col(AuthorizationCode.used_at).is_(None)
    )
    won = changed_rows(session, unused.values(used_at=now)) == 1
    if not won:
        revoke_family(session, code.family_id, now)
    return won


def spend_refresh_token(session: Session, token: Token, now: datetime, grace: timedelta) -> bool:
    """Mark the refresh token as used and return True.

    A used one revokes its family (False), unless it was used less than `grace` ago and the tokens
    that replaced it are unused: then the client may not have got the response (A7, A8).
    """
    unspent = update(Token).where(col(Token.id) == token.id, col(Token.refresh_used_at).is_(None))
    if changed_rows(session, unspent.values(refresh_used_at=now)) == 1:
        return True
    session.refresh(token)
    if token.refresh_used_at and now - token.refresh_used_at < grace and not _has_spent_child(session, token):
        return True
    revoke_family(session, token.family_id, now)
    return False


def _has_spent_child(session: Session, token: Token) -> bool:
    spent = select(Token.id).where(Token.parent_id == token.id, col(Token.refresh_used_at).is_not(None))
    return session.exec(spent.limit(1)).first() is not None


def save_tokens(
    session: Session, config: Config, family: TokenFamily, *, access: str, refresh: str, scope: str,
    now: datetime, lifetime: int, parent: Token | None = None,
) -> Token:  # fmt: skip
    """Store an access token, valid for `lifetime` seconds, and its refresh token, both as digests."""
    token = Token(
        id=new_id("tok"),
        family_id=family.id,
        parent_id=parent.id if parent else None,
        client_id=family.client_id,
        account_id=family.account_id,
        access_sha256=digest(access),
        refresh_sha256=digest(refresh),
        scope=scope,
        refresh_scope=parent.get_scope() if parent else None,  # A new refresh token has the old one's (RFC 6749 6).
        access_expires_at=now + timedelta(seconds=lifetime),
        refresh_expires_at=now + timedelta(seconds=config.refresh_token_lifetime),
    )
    session.add(token)
    session.flush()
    return token


def find_access_token(session: Session, value: str) -> Token | None:
    """Return the token with this access value, also an expired one, unless its family is revoked."""
    return _find(session, col(Token.access_sha256) == digest(value))


def find_grant(session: Session, value: str) -> str | None:
    """Return the family of an access token, also of a revoked one."""
    return session.exec(select(Token.family_id).where(Token.access_sha256 == digest(value))).one_or_none()


def find_refresh_token(session: Session, value: str, now: datetime) -> Token | None:
    """Return the token with this refresh value, used or not, unless it has expired or its family is revoked."""
    token = _find(session, col(Token.refresh_sha256) == digest(value))
    return token if token and token.refresh_expires_at > now else None


def _find(session: Session, condition: ColumnElement[bool]) -> Token | None:
    living = select(Token).join(TokenFamily, col(Token.family_id) == col(TokenFamily.id))
    living = living.where(condition, col(TokenFamily.revoked_at).is_(None))
    return session.exec(living).one_or_none()
