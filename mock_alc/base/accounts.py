"""The people who use Acme Lead Checker: who owns leads and webhooks, and who may sign in."""

from sqlmodel import Field, Session

from mock_alc.base.tables import Table

DEMO_ACCOUNT = "acct_demo"


class Account(Table, table=True):
    """One customer of ALC; all but the demo account exist for the API only, and nobody signs in to them."""

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    email: str = Field(unique=True)
    name: str


def provision_demo_account(session: Session, email: str) -> None:
    """Make sure that the demo account exists and has this address."""
    account = session.get(Account, DEMO_ACCOUNT) or Account(id=DEMO_ACCOUNT, email=email, name="Demo")
    account.email = email
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
