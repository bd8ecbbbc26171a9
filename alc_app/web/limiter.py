"""The limiter asks before each request whether somebody has used up what limits.py gives them."""

from __future__ import annotations

import logging
import math
from ipaddress import ip_address, ip_network

from flask import Flask, request
from werkzeug.exceptions import TooManyRequests

from alc_app.runtime.services import Services
from alc_app.runtime.sign_in.people import current_person_id
from alc_app.runtime.storage.database import UNAVAILABLE
from alc_app.web.gate import route_of
from alc_app.web.limits import HOUR, LIMITS, MINUTE, LimitedUse

PERIODS = {MINUTE: "a minute", 10 * MINUTE: "ten minutes", HOUR: "an hour"}
USED_UP = "You have reached the limit: you can {what} {times} times in {period}. Try again in {wait}."
log = logging.getLogger(__name__)


class Limiter:
    """Answers 429, with `Retry-After` and a sentence, to whoever asks too often (U10).

    All processes count together, in the database.
    """

    def __init__(self, services: Services) -> None:
        """Count in the database of these services."""
        self._rate_limiter = services.rate_limiter

    def protect(self, app: Flask) -> None:
        """Count each request. Call it after the CSRF protection, so that a forged request is not counted as theirs."""
        app.before_request(self._count)

    def _count(self) -> None:
        """Count the request. If the database takes no count, what is asked for says so itself, for a person to read."""
        try:
            self._count_uses(route_of(request))
        except UNAVAILABLE as error:
            log.error("A request was not counted: %s", getattr(error, "orig", error))

    def _count_uses(self, route: str | None) -> None:
        for name, use in LIMITS.items():
            if route in use.routes:
                wait = self._rate_limiter.hit(f"{name}, {_who()}", use.limit, _people() if use.counts_people else 1)
                if wait > 0:
                    raise TooManyRequests(sentence(use, wait), retry_after=math.ceil(wait))


def sentence(use: LimitedUse, wait: float) -> str:
    """Return what happened, and when to try again."""
    minutes, seconds = math.ceil(wait / MINUTE), math.ceil(wait)
    text = f"{minutes} minutes" if minutes > 1 else f"{seconds} second{'s' if seconds > 1 else ''}"
    return USED_UP.format(what=use.what, times=use.limit.times, period=PERIODS[use.limit.seconds], wait=text)


def _who() -> str:
    """Return the person; for somebody signed out the address, or of IPv6 the network, which one household has."""
    return current_person_id() or network_of(request.remote_addr or "")


def network_of(address: str) -> str:
    """Return the /64 network of an IPv6 address; other addresses are returned as they are."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    return address if read.version == 4 or read.ipv4_mapped else str(ip_network((read, 64), strict=False))


def _people() -> int:
    """Return how many people a click is for."""
    body = request.get_json(silent=True)
    selected = body.get("record_ids") if isinstance(body, dict) else None
    return max(1, len(selected)) if isinstance(selected, list) else 1
