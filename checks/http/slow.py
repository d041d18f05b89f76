"""The page comes, and only after seconds, while the connection opens at once: the server or the
application behind it needs the time. Browsers show nothing until then, and proxies with a shorter
limit answer 504 in its place.

A report that takes long to make may be meant, so that this is a note. A stream of events
(text/event-stream, HTML standard 9.2) is there for what comes at once: a server that collects
answers in buffers holds it back, or its program begins with the first event.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose, is_looked_into
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
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.parsers.browser_types import mime_type

#: Seconds from the request to the first byte of the response that visitors notice.
MIN_SECONDS = 3.0


@check(severity=Severity.NOTE, needs=[Exchange, Connection])
def slow(evidence: Evidence) -> Iterator[Claim]:
    connect_times = {
        (connection.address, connection.port): connection.took
        for connection in evidence.good(Connection)
    }
    pages = tuple(
        page
        for page in exchanges_by_purpose(evidence, "target")
        if page.status is not None
        and page.status < 400
        and page.took >= MIN_SECONDS
        and connect_times.get((page.address, page.port), MIN_SECONDS) < page.took / 10
    )
    if not pages:
        return
    first, subjects = pages[0], endpoint_subjects(pages)
    is_stream = first.status == 200 and mime_type(first.headers) == "text/event-stream"
    step = "do-not-hold" if is_stream else "measure"
    is_held = is_stream and not _begins_late(evidence)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=pages,
        confidence=Confidence.LIKELY if is_stream else Confidence.CERTAIN,
        severity=Severity.WARNING if is_held else None,
        facts={
            "url": first.url,
            "host": evidence.target.host,
            "seconds": first.took,
            "connect": connect_times[first.address, first.port],
            "inside": is_looked_into(evidence),
            "stream": is_stream,
        },
        fix=Fix((Manual(step, Where.SERVER),), Applicability.MANUAL),
    )


def _begins_late(evidence: Evidence) -> bool:
    """Return whether the program behind the web server sends the header of its stream with the
    first event: nobody holds the stream back, and nothing may have happened before."""
    if not is_looked_into(evidence):
        return False
    # Imported late: few pages are streams.
    from checks.upstream.stream_buffered import begins_late

    return begins_late(evidence)
