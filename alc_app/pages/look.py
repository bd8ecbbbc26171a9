"""How plain values look: icons, initials, colours and times; templates use these as filters and globals."""

import zlib
from datetime import UTC, datetime
from functools import cache
from urllib.parse import quote

import lucide
import phonenumbers
from flask import Blueprint
from lucide.jinja import lucide as draw
from markupsafe import Markup

HUES = 6


def add_look(pages: Blueprint) -> None:
    """Give the templates of the app these filters and globals."""
    pages.add_app_template_global(icon)
    pages.add_app_template_global(action_icon)
    for look in (hue, initials, mailto, moment, phone, tel, words):
        pages.add_app_template_filter(look)
    pages.add_app_template_test(web_link)


@cache
def icon(name: str) -> Markup:
    """Draw a lucide icon as inline SVG: no request, and nothing that the CSP must allow."""
    svg = draw(name, size=16, **{"class": "icon", "aria-hidden": "true"})
    return Markup(svg)  # noqa: S704 (drawn from the files of the wheel, whatever the name)


@cache
def action_icon(name: str | None) -> Markup | None:
    """Draw an action's own icon, or None where the app's icon stands in: a manifest may name any icon."""
    try:
        return icon(name) if name else None
    except lucide.IconDoesNotExist:
        return None


def initials(name: str) -> str:
    """Return up to two letters for an avatar."""
    letters = [word[0].upper() for word in name.split() if word[0].isalnum()]
    return "".join(letters[:1] + letters[1:][-1:]) or "?"


def hue(record_id: str) -> int:
    """Return the avatar colour of a record: always the same for the same record."""
    return zlib.crc32(record_id.encode()) % HUES


def moment(at: datetime) -> str:
    """Write a time for people; the page's script rewrites it in their own time zone."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def mailto(address: str) -> str:
    """Write an email address as a link."""
    return f"mailto:{quote(address, safe='@')}"


def tel(number: str) -> str:
    """Write a phone number as a link (RFC 3966)."""
    return f"tel:{quote(number.replace(' ', ''), safe='+')}"


def phone(number: str) -> str:
    """Write a number of E.164 in groups; anything else as it is."""
    try:
        known = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def words(value: str) -> str:
    """Turn a value of the wire such as `not_interested` into words."""
    return value.replace("_", " ")


def web_link(url: str | None) -> bool:
    """Tell whether a URL from the CRM may become a link (U2: never `javascript:`)."""
    return bool(url) and str(url).startswith(("https://", "http://"))
