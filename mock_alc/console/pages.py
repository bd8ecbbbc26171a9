"""What the console's views share: the blueprints, access checks and template filters."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from mock_alc.base.accounts import Account
from mock_alc.double.local_requests import is_from_this_machine
from mock_alc.services import alc
from mock_alc.web.login import signed_in_account

pages = Blueprint("console", __name__)
backstage = Blueprint("backstage", __name__)
"""Registered only if the control API is on."""
SHOWN = 50
P = ParamSpec("P")


@pages.app_template_filter("masked")
def masked(phone_number: str) -> str:
    """Show only both ends of a phone number: enough to recognise it, too little to dial it (U12)."""
    return f"{phone_number[:3]} ••• {phone_number[-3:]}"


@pages.app_template_filter("words")
def words(code: str | None) -> str:
    """Return a code such as `not_interested` as words."""
    return (code or "").replace("_", " ")


@pages.app_template_filter("initials")
def initials(name: str) -> str:
    """Return the initials of a name, such as AL for Ada Lovelace."""
    parts = name.split()
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "?"


@pages.app_template_filter("hue")
def hue(name: str) -> int:
    """Return the number of the avatar colour for this name, 0 to 4."""
    return sum(map(ord, name)) % 5


@pages.app_template_filter("duration")
def duration(seconds: float) -> str:
    """Return a span of time in its two largest units, such as `2 days 4 h` or `35 s`."""
    left, found = round(abs(seconds)), []
    for unit, size in ((" days", 86_400), (" h", 3_600), (" min", 60), (" s", 1)):
        if left >= size:
            found.append(f"{left // size}{' day' if unit == ' days' and left // size == 1 else unit}")
            left %= size
    return " ".join(found[:2]) or "0 s"


@pages.app_context_processor
def _time_of_day() -> dict[str, Any]:
    """Give every template the time of the mock, and how many seconds it is ahead of the real time."""
    return {"now": alc().now(), "ahead": alc().clock.offset}


def login_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Redirect to the login page, and back afterwards, unless somebody is signed in."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        account = signed_in_account()
        if account is None:
            here = request.full_path.rstrip("?") if request.method == "GET" else "/"
            return redirect(url_for("login.login", next=here), 303)
        g.account = account
        return view(*args, **kwargs)

    return guarded


@backstage.before_request
def _only_this_machine() -> None:
    """Answer 404 to other machines, as the control API is for this machine only."""
    if not is_from_this_machine():
        raise NotFound("There is no page at this address.")


def current_account_id() -> str:
    """Return the id of the account that is signed in."""
    account: Account = g.account
    return account.id
