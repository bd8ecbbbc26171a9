"""Error responses of the whole app (U9): a page for browsers, JSON otherwise, both with the request id."""

from dataclasses import dataclass, replace

from flask import Blueprint, json, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError, ServiceUnavailable, default_exceptions
from werkzeug.wrappers import Response

from alc_app.attio.host import trace

from .workspace import CrmUnavailable


@dataclass(frozen=True)
class ErrorText:
    """An error in words: its title, what happened and what to do."""

    title: str
    what: str
    advice: str


TEXTS = {
    400: ErrorText(
        "The request was not accepted",
        "Something was missing or malformed, or the page was open for too long.",
        "Go back, reload the page and try again.",
    ),
    401: ErrorText(
        "Sign in first",
        "You are signed out.",
        "Reload the page to sign in again.",
    ),
    403: ErrorText(
        "This is not allowed",
        "The request came from another site, or you have no access to this page.",
        "Start again from the people in this workspace.",
    ),
    404: ErrorText(
        "Page not found",
        "No page has this address.",
        "Check the address, or start again from the people in this workspace.",
    ),
    405: ErrorText(
        "This address works differently",
        "It does not accept this kind of request.",
        "Open the page that the button or form is on, and use it from there.",
    ),
    413: ErrorText(
        "The request is too large",
        "The request is larger than this workspace accepts.",
        "Send less at once.",
    ),
    410: ErrorText(
        "This has ended",
        "The question that you answered is no longer open.",
        "Start the action again.",
    ),
    422: ErrorText(
        "This file cannot be used",
        "It does not have what was expected.",
        "Choose another file.",
    ),
    429: ErrorText(
        "Too many requests",
        "This was requested too often in a short time.",
        "Nothing was changed.",
    ),
    500: ErrorText(
        "Something went wrong here",
        "This is a fault of the app. The log has the details.",
        "Try again. If it happens again, report the request id below.",
    ),
    503: ErrorText(
        "This cannot be shown right now",
        "A service that it needs did not answer.",
        "Wait a moment, then try again.",
    ),
}
OTHER = ErrorText("The request failed", "It could not be completed.", "Go back and try again.")
CRM_AWAY = "The CRM could not be reached. Check that it is running, and that ATTIO_URL is correct."
RETRY_AFTER = 5


def add_error_pages(pages: Blueprint) -> None:
    """Handle every HTTP error of the app, and `CrmUnavailable` as 503."""
    pages.app_errorhandler(HTTPException)(answer)

    @pages.app_errorhandler(CrmUnavailable)
    def crm_unavailable(error: CrmUnavailable) -> Response:
        return answer(ServiceUnavailable(str(error) or CRM_AWAY, retry_after=RETRY_AFTER))


def answer(error: HTTPException) -> Response:
    """Render an error into its own response, which keeps headers such as Allow and Retry-After."""
    response = Response.force_type(error.get_response(), request.environ)
    text = text_of(error)
    request_id = trace.trace_id() or None
    # The page links with url_for, which fails under an untrusted Host (U7).
    if "text/html" in request.accept_mimetypes.values() and not isinstance(error, SecurityError):
        response.content_type = "text/html; charset=utf-8"
        response.data = render_template("error.html", code=error.code, text=text, request_id=request_id)
    else:
        code = error.name.lower().replace(" ", "_")
        body = {"code": code, "message": f"{text.what} {text.advice}", "request_id": request_id}
        response.content_type = "application/json"
        response.data = json.dumps({"error": body})
    return response


def text_of(error: HTTPException) -> ErrorText:
    """Return the error's own description, and its `advice`, where they may be shown, else our text for its status."""
    text = TEXTS.get(error.code or 500, OTHER)
    usual = default_exceptions[error.code].description if error.code in default_exceptions else None
    is_private = error.code == 500 or isinstance(error, SecurityError)  # it shows internals, or repeats untrusted input
    if is_private or not error.description or error.description == usual:
        return text
    return replace(text, what=error.description, advice=getattr(error, "advice", text.advice))
