"""Accounts of Acme Lead Checker: they own leads and webhooks, and one of them can sign in."""

from sqlmodel import Field, Session

from mock_alc.base.tables import Table

DEMO_ACCOUNT = "acct_demo"


class Account(Table, table=True):
    """One customer of ALC. Only the demo account can sign in; the others are for API tests with several tenants."""

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    email: str = Field(unique=True)
    name: str


def provision_demo_account(session: Session, email: str) -> None:
    """Create the demo account if it is missing, and set its email address."""
    account = session.get(Account, DEMO_ACCOUNT) or Account(id=DEMO_ACCOUNT, email=email, name="Demo")
    account.email = email
    session.add(account)


def find_or_make_account(session: Session, name: str) -> Account:
    """Return the account with this name, creating it if needed; it has no password."""
    account_id = f"acct_{name.removeprefix('acct_')}"
    account = session.get(Account, account_id)
    if account is None:
        account = Account(id=account_id, email=f"{account_id}@acmeleadchecker.test", name=name)
        session.add(account)
        session.flush()
    return account
