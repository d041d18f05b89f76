"""Pages without a type, into which browsers may not look: they show the source."""

from checks.http._sent_fields import sent_field
from diagnose.model import Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.parsers.browser_types import has_nosniff, mime_type
from diagnose.parsers.urls import parse_url

_FIELD = "X-Content-Type-Options"


@frozen
class SniffingLine:
    """The line of the web server that sends `nosniff`, as "file:line", and the fix without it."""

    place: str
    fix: Fix | None


def is_unsniffed(answer: Exchange) -> bool:
    """Return whether an answer has no type, and `nosniff` keeps browsers from taking it for HTML
    (MIME Sniffing standard, section 7: an unknown type, and no scriptable ones)."""
    return not mime_type(answer.headers) and has_nosniff(answer.headers)


def sniffing_line(evidence: Evidence, answer: Exchange) -> SniffingLine | None:
    """Return the line that sends `nosniff` with an answer; None if an application sends it."""
    values = [value for name, value in answer.headers if name.lower() == _FIELD.lower()]
    url = parse_url(answer.url)
    sent = sent_field(evidence, _FIELD, values, url.path if url else "")
    return SniffingLine(sent.place, sent.without()) if sent else None
