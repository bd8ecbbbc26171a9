"""Sign-in to ALC: one form and one session for the console and the authorize page."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from mock_alc.base.accounts import DEMO_ACCOUNT, Account
from mock_alc.base.credentials import digest, matches
from mock_alc.config import DEMO_PASSWORD
from mock_alc.services import alc

pages = Blueprint("login", __name__)
LONGEST_SESSION = timedelta(hours=12)


@pages.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Sign in to the console, then redirect to `next`, a path of this site."""
    problem, status = None, 200
    if request.method == "POST":
        problem, status = sign_in()
        if problem is None:
            return redirect(safe_target(request.args.get("next", "")), 303)
    return login_page(problem), status


@pages.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign out."""
    session.clear()
    return redirect(url_for("login.login"), 303)


def login_page(problem: str | None = None, *, client: object = None) -> str:
    """Return the sign-in page, which posts to its own URL. `client` is the OAuth client that sent the person here."""
    config = alc().config
    password = config.demo_password.get_secret_value()
    return render_template(
        "login.html",
        problem=problem,
        client=client,
        binding=form_binding("login"),
        demo_email=config.demo_email,
        demo_password=password if password == DEMO_PASSWORD else None,
    )


def sign_in() -> tuple[str | None, int]:
    """Check the posted form and begin a session; return the problem to show, if any, and the HTTP status."""
    check_binding("login")
    email, password = request.form.get("email", "").strip().lower(), request.form.get("password", "")
    attempts, key = alc().wrong_credentials, f"login {email[:254]} {request.remote_addr}"
    if wait := attempts.seconds_to_wait(key):
        return f"Too many wrong passwords. Try again in {wait} seconds.", 429
    if not _is_the_demo_account(email, password):
        attempts.record(key)
        return "The email address or the password is wrong.", 400
    session.clear()  # A new session at sign-in, against session fixation (U4).
    session.permanent = True
    session["account_id"] = DEMO_ACCOUNT
    # Real time, so that moving the virtual clock does not sign people out.
    session["signed_in_at"] = alc().clock.real().timestamp()
    return None, 200


def _is_the_demo_account(email: str, password: str) -> bool:
    """Compare with the settings in constant time (A19); the password is stored nowhere else (A13)."""
    config = alc().config
    same_password = matches(password, digest(config.demo_password.get_secret_value()))
    return matches(email, digest(config.demo_email.strip().lower())) and same_password


def signed_in_account() -> Account | None:
    """Return the signed-in account, or None if there is none or the session is older than LONGEST_SESSION."""
    account_id, since = session.get("account_id"), session.get("signed_in_at")
    if not account_id or not isinstance(since, float):
        return None
    if alc().clock.real() - datetime.fromtimestamp(since, UTC) > LONGEST_SESSION:
        return None
    with alc().database.read() as database:
        return database.get(Account, account_id)


def form_binding(action: str) -> str:
    """Return an HMAC that binds a form to this browser, its account and this URL (A18)."""
    browser = session.setdefault("browser", secrets.token_urlsafe(16))
    text = "\n".join(
        (action, browser, session.get("account_id", ""), request.path, request.query_string.decode("latin-1"))
    )
    return hmac.new(str(current_app.secret_key).encode(), text.encode(), hashlib.sha256).hexdigest()


def check_binding(action: str) -> None:
    """Raise BadRequest if the posted form was shown to another browser or for another request."""
    given = request.form.get("binding", "")
    if not hmac.compare_digest(given.encode(), form_binding(action).encode()):
        raise BadRequest("This form belongs to another request. Go back, reload the page and try again.")


def safe_target(target: str) -> str:
    """Return `target` if it is a path of this site, else the first page, against open redirects (U6)."""
    plain = target.isascii() and target.isprintable() and not set(target) & set("\\ ")
    if (
        plain
        and target.startswith("/")
        and not target.startswith("//")
        and "//" not in target.split("?", maxsplit=1)[0]
    ):
        return target
    return url_for("console.leads")
