"""Template filters and globals: icons, initials, colours, times and links."""

import zlib
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from urllib.parse import quote
from zipfile import ZipFile

from flask import Blueprint, g
from markupsafe import Markup

from .source_code import colour

HUES = 6
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC).timestamp(), datetime(9999, 12, 30, tzinfo=UTC).timestamp()
"""Of the times that a page shows. ALC says when it has decided, and may have said anything."""


def add_filters(pages: Blueprint) -> None:
    """Register the filters and globals for all templates of the app."""
    pages.add_app_template_global(icon)
    pages.add_app_template_global(icon_shapes)
    pages.add_app_template_filter(colour, "coloured")
    for function in (hue, human_time, initials, mailto, phone, seconds, tel, utc, words):
        pages.add_app_template_filter(function)
    pages.add_app_template_test(web_link)


def icon(name: str) -> Markup:
    """Draw a lucide icon as inline SVG, which needs no request and no exception in the CSP.

    It refers to a shape, which `icon_shapes` writes once a page. Raises: KeyError for an unknown icon.
    """
    _shape(name)
    g.setdefault("icons", {})[name] = None
    return Markup('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>').format(name)


def icon_shapes() -> Markup:
    """Return the shapes of the icons that this page has drawn; called at the end of the page."""
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
    """Open lucide's icons. Its own loader reads the directory of all 1,700 for each, which slows the first page."""
    return ZipFile(BytesIO((files("lucide") / "lucide.zip").read_bytes()))


def initials(name: str) -> str:
    """Return up to two letters for an avatar."""
    letters = [word[0].upper() for word in name.split() if word[0].isalnum()]
    return "".join(letters[:1] + letters[1:][-1:]) or "?"


def hue(record_id: str) -> int:
    """Return the avatar colour of a record: always the same for the same record."""
    return zlib.crc32(record_id.encode()) % HUES


def utc(seconds: float) -> datetime:
    """Return a Unix time as a datetime in UTC, at most as far away as a datetime in any zone can be."""
    return datetime.fromtimestamp(min(max(seconds, EARLIEST), LATEST), UTC)


def human_time(at: datetime) -> str:
    """Write a time in UTC for people; the page's script rewrites it in their own time zone."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def seconds(at: datetime) -> str:
    """Write a time in UTC to the second; the page's script writes it as long, so that nothing moves."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b, %H:%M:%S}"


def mailto(address: str) -> str:
    """Write an email address as a link."""
    return f"mailto:{quote(address, safe='@')}"


def tel(number: str) -> str:
    """Write a phone number as a link (RFC 3966)."""
    return f"tel:{quote(number.replace(' ', ''), safe='+')}"


def phone(number: str) -> str:
    """Write an E.164 number in groups; leave anything else as it is."""
    import phonenumbers  # late: it takes a tenth of a second to import

    try:
        known = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def words(value: str) -> str:
    """Turn an API value such as `not_interested` into words."""
    return value.replace("_", " ")


def web_link(url: str | None) -> bool:
    """Return whether a URL from the CRM may become a link: http or https only, never `javascript:` (U2)."""
    return bool(url) and str(url).startswith(("https://", "http://"))
