"""A message says that event streams, or the site with them, stop in the sixth or seventh tab, and
the site does not offer HTTP/2 (ALPN, RFC 7301). Over HTTP/1.1 browsers open six connections at most
to one name, for all tabs together. Each stream holds one of them, so that the next request waits
without an end (WHATWG HTML, "Server-sent events", note on connections).

One visitor with few tabs notices nothing: it is said only where such words were told.
"""

from collections.abc import Iterator

from checks.http._http2_offers import missing_http2, visits_without_http2
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import BrowserVisit
from diagnose.parsers.many_tabs import tells_of_tabs


@check(severity=Severity.WARNING, needs=[BrowserVisit], needs_message=True)
def streams_need_http2(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    visits = evidence.good(BrowserVisit)
    if symptom is None or symptom.kind not in {"stream", "timeout"} or not visits:
        return
    without = visits_without_http2(evidence)
    if not evidence.target.uses_tls or len(without) < len(visits):
        return
    if not tells_of_tabs(symptom.text):
        return
    yield missing_http2(evidence, without)
