"""The life of codes and tokens in the database: issued, spent once, revoked by family."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from mock_alc.base.credentials import digest, new_id, new_token
from mock_alc.base.database import changed_rows
from mock_alc.config import Config
from mock_alc.oauth.tables import AuthorizationCode, Client, Token, TokenFamily

PRESENTATIONS = 2  # One slip is forgiven; a second failure burns the code (A5).


def new_access_token(**_request: object) -> str:
    """Make the value of an access token."""
    return new_token("alc_at")


def new_refresh_token(**_request: object) -> str:
    """Make the value of a refresh token."""
    return new_token("alc_rt")


def begin_family(session: Session, client_id: str, account_id: str, now: datetime) -> TokenFamily:
    """Note a consent, from which a code or tokens follow."""
    family = TokenFamily(id=new_id("grant"), client_id=client_id, account_id=account_id, created_at=now)
    session.add(family)
    session.flush()
    return family


def revoke_family(session: Session, family_id: str, now: datetime) -> None:
    """Kill every token of a grant, those included that are being issued this moment."""
    living = update(TokenFamily).where(col(TokenFamily.id) == family_id, col(TokenFamily.revoked_at).is_(None))
    changed_rows(session, living.values(revoked_at=now))


def revoke_all(session: Session, now: datetime) -> int:
    """Kill every grant; returns how many there were."""
    living = update(TokenFamily).where(col(TokenFamily.revoked_at).is_(None))
    return changed_rows(session, living.values(revoked_at=now))


def present_code(session: Session, value: str, client: Client, now: datetime) -> AuthorizationCode | None:
    """Return the code if this client may still redeem it; a used one kills what it gave (A5, A6)."""
    found = select(AuthorizationCode).where(
        AuthorizationCode.code_sha256 == digest(value), AuthorizationCode.client_id == client.client_id
    )
    code = session.exec(found).one_or_none()
    if code is None:
        return None
    if code.used_at is not None:
        revoke_family(session, code.family_id, now)
    if code.used_at is not None or code.expires_at <= now or code.presented >= PRESENTATIONS:
        return None
    code.presented += 1
    return code


def use_code(session: Session, code: AuthorizationCode, now: datetime) -> bool:
    """Redeem once, whoever else tries at the same time; the loser's try is a reuse (A4)."""
    unused = update(AuthorizationCode).where(
        col(AuthorizationCode.code_sha256) == code.code_sha256, col(AuthorizationCode.used_at).is_(None)
    )
    won = changed_rows(session, unused.values(used_at=now)) == 1
    if not won:
        revoke_family(session, code.family_id, now)
    return won


def use_refresh_token(session: Session, token: Token, now: datetime, grace: timedelta) -> bool:
    """Spend once; a spent one that comes back revokes its family, unless the grace covers it (A7, A8)."""
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
    """Store a pair, as digests; the access token lives for `lifetime` seconds."""
    token = Token(
        id=new_id("tok"),
        family_id=family.id,
        parent_id=parent.id if parent else None,
        client_id=family.client_id,
        account_id=family.account_id,
        access_sha256=digest(access),
        refresh_sha256=digest(refresh),
        scope=scope,
        access_expires_at=now + timedelta(seconds=lifetime),
        refresh_expires_at=now + timedelta(seconds=config.refresh_token_lifetime),
    )
    session.add(token)
    session.flush()
    return token


def find_access_token(session: Session, value: str) -> Token | None:
    """Find a token by its access value, if its family lives."""
    return _find(session, col(Token.access_sha256) == digest(value))


def find_refresh_token(session: Session, value: str, now: datetime) -> Token | None:
    """Find a token by its refresh value, spent or not, if it is not out of date and its family lives."""
    token = _find(session, col(Token.refresh_sha256) == digest(value))
    return token if token and token.refresh_expires_at > now else None


def _find(session: Session, condition: ColumnElement[bool]) -> Token | None:
    living = select(Token).join(TokenFamily, col(Token.family_id) == col(TokenFamily.id))
    living = living.where(condition, col(TokenFamily.revoked_at).is_(None))
    return session.exec(living).one_or_none()
