"""The people who use Acme Lead Checker: who owns leads and webhooks, and who may sign in."""

from functools import lru_cache

from sqlmodel import Field, Session, select
from werkzeug.security import check_password_hash, generate_password_hash

from mock_alc.tables import Table

DEMO_ACCOUNT = "acct_demo"
HASH_METHOD = "scrypt"  # With the cost that Werkzeug recommends.


class Account(Table, table=True):
    """One customer of ALC; an account without a password hash exists for the API only."""

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    email: str = Field(unique=True)
    name: str
    password_hash: str | None = None


@lru_cache(maxsize=8)
def hash_password(password: str) -> str:
    """Hash with scrypt (A13); remembered, because a reset makes the same demo account again."""
    return generate_password_hash(password, HASH_METHOD)


def provision_demo_account(session: Session, email: str, password: str) -> None:
    """Make sure that the demo account exists with this sign-in."""
    account = session.get(Account, DEMO_ACCOUNT) or Account(id=DEMO_ACCOUNT, email=email, name="Demo")
    account.email = email
    if not (account.password_hash and check_password_hash(account.password_hash, password)):
        account.password_hash = hash_password(password)
    session.add(account)


def find_or_make_account(session: Session, name: str) -> Account:
    """Return the account of that name for a test that wants several tenants; it has no password."""
    account_id = f"acct_{name.removeprefix('acct_')}"
    account = session.get(Account, account_id)
    if account is None:
        account = Account(id=account_id, email=f"{account_id}@acmeleadchecker.test", name=name)
        session.add(account)
        session.flush()
    return account


def find_by_email(session: Session, email: str) -> Account | None:
    """Find who signs in with this address."""
    return session.exec(select(Account).where(Account.email == email.strip().lower())).one_or_none()


def password_is_right(account: Account | None, password: str) -> bool:
    """Check a password; an unknown account takes as long as a wrong password (A19)."""
    stored = account.password_hash if account else None
    right = check_password_hash(stored or hash_password("nobody has this one"), password)
    return right and stored is not None
