"""How plain values look: icons, initials, colours and times; templates use these as filters and globals."""

import zlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from urllib.parse import quote
from zipfile import ZipFile

import phonenumbers
from flask import Blueprint, g
from markupsafe import Markup

HUES = 6


def add_look(pages: Blueprint) -> None:
    """Give the templates of the app these filters and globals."""
    pages.add_app_template_global(icon)
    pages.add_app_template_global(icon_shapes)
    for look in (hue, initials, mailto, moment, phone, tel, utc, words):
        pages.add_app_template_filter(look)
    pages.add_app_template_test(web_link)


def icon(name: str) -> Markup:
    """Draw a lucide icon as inline SVG: no request, and nothing that the CSP must allow. Its shape is written once a
    page, by `icon_shapes`."""
    _shape(name)  # an icon that does not exist fails here
    g.setdefault("icons", {})[name] = None
    return Markup('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>').format(name)


def icon_shapes() -> Markup:
    """The shapes of the icons that this page has drawn, for the end of it."""
    shapes = Markup("").join(_shape(name) for name in g.get("icons", {}))
    return Markup("<svg hidden>{}</svg>").format(shapes)


@cache
def _shape(name: str) -> Markup:
    svg = _icons().read(f"{name}.svg").decode()
    inside = svg.partition(">")[2].rpartition("</svg>")[0]
    lines = "".join(line.strip() for line in inside.splitlines())
    return Markup(f'<symbol id="i-{name}" viewBox="0 0 24 24">{lines}</symbol>')  # noqa: S704 (files of the wheel)


@cache
def _icons() -> ZipFile:
    """Lucide's icons. Its own loader reads the directory of all 1,700 for each: most of a first page's time."""
    return ZipFile(BytesIO((files("lucide") / "lucide.zip").read_bytes()))


def initials(name: str) -> str:
    """Return up to two letters for an avatar."""
    letters = [word[0].upper() for word in name.split() if word[0].isalnum()]
    return "".join(letters[:1] + letters[1:][-1:]) or "?"


def hue(record_id: str) -> int:
    """Return the avatar colour of a record: always the same for the same record."""
    return zlib.crc32(record_id.encode()) % HUES


def utc(seconds: float) -> datetime:
    """Return a Unix time as a datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


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
