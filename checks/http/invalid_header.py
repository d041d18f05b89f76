"""The header of the page is not valid HTTP/1.1 (RFC 9112 sections 5 and 6).

Browsers refuse some of it: two values of Content-Length, Location or Content-Disposition, and NUL
bytes (Chromium's ERR_RESPONSE_HEADERS_MULTIPLE_… and ERR_INVALID_HTTP_RESPONSE). The rest they
accept, and proxies do not: nginx answers 502 for it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http._bodies import body_addresses, body_subjects
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import BrowserVisit, Exchange

if TYPE_CHECKING:
    from checks.http._sent_fields import SentField

_DISPOSITION = "Content-Disposition"
#: What Chromium refuses; all else it shows.
_REFUSED = {"different-lengths", "different-locations", "different-dispositions", "nul"}
_FAULTS = (
    "different-lengths", "invalid-length", "length-and-chunks", "transfer-coding", "field-name",
    "no-colon", "control-character", "nul", "different-locations", "different-dispositions",
)  # fmt: skip


@check(severity=Severity.ERROR, needs=[Exchange])
def invalid_header(evidence: Evidence) -> Iterator[Claim]:
    pages = [
        page
        for page in evidence.good(Exchange)
        if page.purpose == "target" and page.header_faults and page.version != "HTTP/2"
    ]
    if not pages or evidence.target.is_websocket:
        return
    kinds = {kind for page in pages for kind in page.header_faults}
    names = dict.fromkeys(name for page in pages for name in page.faulty_fields if name)
    visits = [visit for visit in evidence.of(BrowserVisit) if visit.version == "HTTP/2"]
    refused = bool(kinds & _REFUSED) and not visits
    subjects = body_subjects(pages)
    is_doubled = kinds == {"different-dispositions"}
    own = _own_disposition(evidence, pages[0]) if is_doubled else None
    sent, fix = own or (None, None)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *visits),
        facts={
            "url": pages[0].url,
            "addresses": body_addresses(pages),
            "status": pages[0].status,
            "server": pages[0].header("Server") or "",
            "names": tuple(names),
            "refused": refused,
            "http2": bool(visits),
            "place": sent.place if sent else "",
            **{kind.replace("-", "_"): kind in kinds for kind in _FAULTS},
        },
        severity=None if refused else Severity.WARNING,
        fix=fix or Fix((Manual("send-valid-header", Where.SERVER),), Applicability.MANUAL),
    )


def _own_disposition(evidence: Evidence, page: Exchange) -> "tuple[SentField, Fix | None] | None":
    """Return the line by which the web server adds Content-Disposition to the application's own,
    and the fix that sends it alone; None if it has no such line. Whether browsers show a file or
    store it, the server's line says for all of them."""
    # Imported late: few headers are invalid.
    from checks.http._doubled_fields import without_application
    from checks.http._sent_fields import sent_field

    values = [value for name, value in page.headers if name.lower() == _DISPOSITION.lower()]
    sent = sent_field(evidence, _DISPOSITION, values)
    return (sent, without_application(evidence, page, _DISPOSITION)) if sent else None
