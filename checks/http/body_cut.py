"""The body of the page ends before its end: fewer bytes than Content-Length, no last chunk, or a
stream that is reset (RFC 9112 section 8, RFC 9113 section 8.1).

Browsers show what came and report ERR_CONTENT_LENGTH_MISMATCH, ERR_INCOMPLETE_CHUNKED_ENCODING or
ERR_HTTP2_PROTOCOL_ERROR; scripts, styles and data that are cut do not work at all. What is beyond
the bytes that are read is unknown, and no fault.
"""

from collections.abc import Iterator, Sequence

from checks.http._bodies import body_addresses, body_subjects, page_bodies
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
from diagnose.model.http import Exchange, ResponseBody


@check(severity=Severity.ERROR, needs=[ResponseBody], explains=["http.wrong-content-encoding"])
def body_cut(evidence: Evidence) -> Iterator[Claim]:
    usual, browser = page_bodies(evidence, "target"), page_bodies(evidence, "browser")
    bodies = [body for body in (*usual, *browser) if body.end == "cut"]
    if not bodies or evidence.target.is_websocket:
        return
    arrived = any(body.end == "complete" and _is_page(body) for body in browser)
    only_browser = all(body.request == "browser" for body in bodies)
    # A browser's request got the whole page, so the cut does not happen every time.
    sometimes = arrived and not only_browser
    pages = tuple(page for page in evidence.of(Exchange) if page.purpose == "target")
    whole = [body for body in page_bodies(evidence, "application") if body.end == "complete"]
    subjects = body_subjects(bodies)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*bodies, *whole),
        facts=_facts(bodies, pages)
        | {
            "sometimes": sometimes,
            "only_browser": only_browser,
            "application": whole[0].url if whole else "",
            "sent": whole[0].received if whole else "",
        },
        severity=Severity.WARNING if sometimes else None,
        # One response alone may have been cut by the network.
        confidence=Confidence.LIKELY if len(bodies) == 1 else Confidence.CERTAIN,
        fix=Fix((Manual("find-who-cuts", Where.SERVER),), Applicability.MANUAL),
    )


def _is_page(body: ResponseBody) -> bool:
    return body.status is not None and body.status < 400


def _facts(bodies: Sequence[ResponseBody], pages: Sequence[Exchange]) -> dict[str, object]:
    first = bodies[0]
    failure = first.failure
    server = next((page.header("Server") for page in pages if page.header("Server")), "")
    return {
        "url": first.url,
        "addresses": body_addresses(bodies),
        "status": first.status,
        "received": first.received,
        "announced": "" if first.announced is None else first.announced,
        "message": failure.message if failure else "",
        "error": _browser_error(first),
        "server": server or "",
    }


def _browser_error(body: ResponseBody) -> str:
    """Return the error that Chromium shows for such a body."""
    if body.version == "HTTP/2":
        return "ERR_HTTP2_PROTOCOL_ERROR"
    if body.announced is not None:
        return "ERR_CONTENT_LENGTH_MISMATCH"
    kind = body.failure.kind if body.failure else "closed"
    return (
        "ERR_INVALID_CHUNKED_ENCODING" if kind == "protocol" else "ERR_INCOMPLETE_CHUNKED_ENCODING"
    )
