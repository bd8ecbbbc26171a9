"""What a correct app asks of ALC: each rule yields the requests that differ."""

from collections.abc import Iterator, Sequence

from mock_alc.testing.wire.drawing import Highlight
from mock_alc.testing.wire.exchange import APP, Exchange
from mock_alc.testing.wire.exchanges import ALC

SLACK = 1.0
"""Seconds: an HTTP date in Retry-After has no fractions."""
REFUSALS = (400, 403, 405, 413, 415, 422)
OAUTH = ("/oauth/token", "/oauth/revoke")
KEEP_THE_KEY = "A correct app sends the same Idempotency-Key again, or first asks ALC for the record's leads."
WAIT = "A correct app waits at least as long as Retry-After says, with its other calls too."
DELETE_FIRST = "A correct app deletes its webhooks before it revokes its token. Afterwards it has no access."
FORGET = "A correct app forgets its tokens when it revokes them, and connects again."
SEND_WHAT_IS_ASKED = "The API is described in openapi.yaml, which the mock serves at /openapi.yaml."


def sent_again_without_its_key(exchanges: Sequence[Exchange]) -> Iterator[Highlight]:
    """Yield a lead that was sent again after a lost answer, in a way that may make a second one."""
    for index, lost in enumerate(exchanges):
        again = _next_time(lost, exchanges, index) if _sends_a_lead(lost) and lost.leaves_in_doubt else None
        if again is None:
            continue
        first, second = lost.header("Idempotency-Key"), exchanges[again].header("Idempotency-Key")
        if second is None or first != second:
            key = "without an Idempotency-Key" if second is None else "with another Idempotency-Key"
            doubt = f"After number {index + 1} ({lost.answer}) the app could not know whether ALC has the lead."
            yield Highlight(again, f"{doubt} It was sent again {key}.", KEEP_THE_KEY)


def _next_time(lost: Exchange, exchanges: Sequence[Exchange], index: int) -> int | None:
    """Return when the app sends this record again; None if it has learned before what became of the first time."""
    for later, one in enumerate(exchanges[index + 1 :], index + 1):
        asked = one.sender == APP and one.method == "GET" and one.path.startswith("/api/v1/leads")
        told = one.event is not None and one.record_id == lost.record_id
        if one.ok and (asked or told):
            return None
        if _sends_a_lead(one) and one.record_id == lost.record_id:
            return later
    return None


def called_before_retry_after(exchanges: Sequence[Exchange]) -> Iterator[Highlight]:
    """Yield a call that came earlier than the Retry-After of the answer before it allows."""
    for index, one in enumerate(exchanges):
        if one.sender != APP or not one.retry_after:
            continue
        later = (at for at, other in enumerate(exchanges) if at > index and _is_next_call(one, other))
        again = next(later, None)
        waited = (exchanges[again].at - one.ended).total_seconds() if again is not None else one.retry_after
        if again is not None and waited < one.retry_after - SLACK:
            asked = f"Number {index + 1} was answered {one.status} with Retry-After: {one.retry_after:.0f} s."
            yield Highlight(again, f"{asked} The next call came after {waited:.1f} s.", WAIT)


def webhooks_left_registered(exchanges: Sequence[Exchange]) -> Iterator[Highlight]:
    """Yield a revocation after which the app does not come back, and webhooks of its grant are still registered."""
    removed = {one.path for one in exchanges if one.method == "DELETE" and (one.done or one.status == 404)}
    for index, one in enumerate(exchanges):
        if not _revokes(one) or any(_calls_the_api(later) and later.ok for later in exchanges[index:]):
            continue
        registered = [made.webhook_id for made in exchanges[:index] if made.sender == APP and made.grant == one.grant]
        left = [name for name in registered if name and f"/api/v1/webhooks/{name}" not in removed]
        if left:
            yield Highlight(
                index,
                f"The app revoked its token, but left these webhooks registered: {', '.join(left)}.",
                DELETE_FIRST,
            )


def used_after_revocation(exchanges: Sequence[Exchange]) -> Iterator[Highlight]:
    """Yield a call with a token of a grant that the app itself has revoked."""
    revoked: dict[str, int] = {}
    for index, one in enumerate(exchanges):
        if _revokes(one) and one.grant:
            revoked[one.grant] = index + 1
        elif _calls_the_api(one) and one.status == 401 and one.grant in revoked:
            happened = f"The app used a token that it had revoked at number {revoked[one.grant]}."
            yield Highlight(index, happened, FORGET)


def refused(exchanges: Sequence[Exchange]) -> Iterator[Highlight]:
    """Yield the requests that a mock refused for what they contained."""
    for index, one in enumerate(exchanges):
        if one.sender != APP or one.fault or _refreshes(one):
            continue
        anonymous = one.status == 401 and one.header("Authorization") is None
        if one.status in REFUSALS or anonymous or (one.path in OAUTH and one.status == 401):
            happened = f"{one.receiver} refused {one.what} with {one.answer}. {one.refusal}".rstrip()
            elsewhere = f"The API is described in the reference of {one.receiver}."
            yield Highlight(index, happened, SEND_WHAT_IS_ASKED if one.receiver == ALC else elsewhere)


def _sends_a_lead(one: Exchange) -> bool:
    return one.sender == APP and (one.method, one.path) == ("POST", "/api/v1/leads")


def _is_next_call(one: Exchange, other: Exchange) -> bool:
    """Return whether `other` is the same call, begun after the answer to `one`."""
    return other.sender == APP and (one.method, one.path) == (other.method, other.path) and other.at >= one.ended


def _calls_the_api(one: Exchange) -> bool:
    return one.sender == APP and one.path.startswith("/api/")


def _refreshes(one: Exchange) -> bool:
    """Return whether the request is for a new token: that the old one was revoked is no mistake of the app."""
    return isinstance(one.body, dict) and one.body.get("grant_type") == "refresh_token"


def _revokes(one: Exchange) -> bool:
    return one.sender == APP and one.path == "/oauth/revoke" and one.done
