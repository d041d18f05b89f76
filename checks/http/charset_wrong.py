"""The text of the page is garbled in browsers: Content-Type names another encoding than the page is
written in. Browsers believe the header first, and the page's own `<meta charset>` only without one
(HTML standard, "determining the character encoding"). Usual reason: `charset utf-8;` in nginx for
a page in GBK or Windows-1252, or the other way round.

Where neither says anything, browsers take the encoding that is usual for the visitor's language,
and never UTF-8: Chromium windows-1252, in Chinese GBK. Of a text file (`text/plain`) there is the
header alone. Programs read such files too, and take UTF-8: it counts where somebody complains of
garbled text.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive
from diagnose.parsers.sanitize import clean

_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w:-]{2,40})", re.IGNORECASE)
_IN_PAGE = re.compile(
    r"(?:<meta[^>]{0,200}?charset|<\?xml[^>]{0,200}?encoding)\s*=\s*[\"']?([\w:-]{2,40})",
    re.IGNORECASE,
)
#: Types of what browsers show as text, pages first.
_READ_TYPES = ("html", "text/plain")
_UTF_8 = {"utf-8", "utf8"}
#: A byte that is no UTF-8, as the body's text has it. One may come from where the text was cut.
_INVALID = "\N{REPLACEMENT CHARACTER}"
_FEW, _FEWEST, _SURE = 3, 4, 8
_SINGLE_BYTE = re.compile(r"iso-?8859|windows-125|cp125|koi8|us-ascii|latin|macintosh")


@check(severity=Severity.WARNING, needs=[Exchange])
def charset_wrong(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    types = _READ_TYPES if symptom is not None and symptom.kind == "characters" else _READ_TYPES[:1]
    pages = [page for page in page_exchanges(evidence) if _is_garbled(page, types)]
    if not pages:
        return
    first, subjects, nginx = pages[0], endpoint_subjects(pages), Nginx.of(evidence)
    directive = _directive(nginx)
    header, own = _header_charset(first), _page_charset(first)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        confidence=Confidence.CERTAIN if header or own else Confidence.LIKELY,
        because=(*pages, *([nginx.config] if nginx.config and directive else [])),
        location=nginx.location(directive) if directive else None,
        facts={
            "url": first.url,
            "header": header,
            "page": own,
            "unnamed": not header and not own,
            "place": file_line(directive) if directive else "",
        },
        fix=_fix(nginx, first, header, own)
        or _server_fix(evidence, first, header, own)
        or Fix((Manual("name-the-encoding", Where.SERVER),), Applicability.MANUAL),
    )


def _fix(nginx: Nginx, page: Exchange, header: str, own: str) -> Fix | None:
    """Let nginx name the encoding of the page in its location, if the page's bytes or its own words
    say which: UTF-8, or none beside the page's own. None where nginx does not name it."""
    match = next(iter(nginx.location_matches(nginx.evidence.target.path)), None)
    directive = _directive(nginx)
    named = directive.args[0].lower() if directive and directive.args else ""
    if match is None or match.block.name != "location" or named != header:
        return None
    value = _right_charset(page, header, own)
    if not value:
        return None
    # Imported late: a healthy run edits nothing.
    from checks.nginx._location_edits import location_fix, setting_edits

    file_edits = setting_edits(nginx, match, {"charset": value})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _right_charset(page: Exchange, header: str, own: str) -> str:
    """Return what the header should name: UTF-8, or "off" for nothing; "" if that is not known."""
    if header in _UTF_8 and own and own not in _UTF_8:
        return "off"
    if header not in _UTF_8 and not page.body.count(_INVALID) and (header or not own):
        return "utf-8"
    return ""


def _server_fix(evidence: Evidence, page: Exchange, header: str, own: str) -> Fix | None:
    """Return the fix of another server than nginx that names the encoding of its pages."""
    # Imported late: only a finding needs them.
    from checks.server import server_on_port
    from checks.server._media_types import charset_fix

    view, value = server_on_port(evidence), _right_charset(page, header, own)
    return charset_fix(view, header, value) if view and value and header else None


def _is_garbled(page: Exchange, types: tuple[str, ...]) -> bool:
    media_type = (page.header("Content-Type") or "").lower()
    if not any(name in media_type for name in types) or not 200 <= (page.status or 0) < 300:
        return False
    header, own = _header_charset(page), _page_charset(page)
    text = page.body[:-4]
    invalid = text.count(_INVALID)
    if (header or own) in _UTF_8:
        return invalid >= _FEWEST
    foreign = sum(character > "\x7f" for character in text)
    if not header and not own:
        return not invalid and foreign >= _SURE and not text.startswith("\ufeff")
    # Text of bytes that each are a letter is never UTF-8 by chance, other text for a word or two.
    fewest = _FEWEST if own in _UTF_8 else _FEW if _SINGLE_BYTE.match(header) else _SURE
    is_utf_8 = not invalid and foreign >= fewest and not text.startswith("\ufeff")
    return bool(header) and header not in _UTF_8 and (own in _UTF_8 or not own) and is_utf_8


def _header_charset(page: Exchange) -> str:
    match = _IN_HEADER.search(page.header("Content-Type") or "")
    return clean(match[1].lower(), 40) if match else ""


def _page_charset(page: Exchange) -> str:
    match = _IN_PAGE.search(page.body)
    return clean(match[1].lower(), 40) if match else ""


def _directive(nginx: Nginx) -> Directive | None:
    match = next(iter(nginx.location_matches(nginx.evidence.target.path)), None)
    directive = match.directive("charset") if match else None
    return directive if directive and directive.args[:1] != ("off",) else None
