"""A message says that an event stream (text/event-stream, HTML standard 9.2) ends again and again,
and a server on the way ends what is silent for less than a minute: "timeout server" of HAProxy,
`proxy_read_timeout` of nginx, `timeout=` or ProxyTimeout of Apache.

No run waits so long, and many applications send a comment more often: it is said only where such
words were told, the target's answer is a stream, and the limit is set by a line. HAProxy's "timeout
tunnel" does not count here: it begins with an upgrade (Configuration Manual, "timeout tunnel"). Nor
does "timeout client": measured with HAProxy 3.0 over HTTP/1.1 and HTTP/2, it ends no stream, and a
longer "timeout server" alone keeps it.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
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
from diagnose.parsers.lazy_pattern import lazy_pattern

STREAM = "text/event-stream"
_KINDS = {"stream", "closed", "reset", "incomplete", "unusable", "timeout", "sometimes", "other"}
#: Words of a stream that does not stay open.
_ENDS = lazy_pattern(
    r"(?i)\b(?:re-?connect\w{0,3}|disconnect\w{0,3}|clos(?:e[sd]?|ing)|drop(?:s|ped|ping)?|cut"
    r"|interrupt\w{0,3}|ends?|ended|lost|los(?:es|ing)|time[sd]? ?out|aborted|terminated"
    r"|ERR_HTTP2_PROTOCOL_ERROR|ERR_INCOMPLETE_CHUNKED_ENCODING|not closed cleanly)\b"
    r"|断开|断线|中断|重连|关闭|超时"
)


@check(severity=Severity.WARNING, needs=[Exchange], needs_message=True)
def event_stream_cut(evidence: Evidence) -> Iterator[Claim]:
    symptom = evidence.target.symptom
    streams = [page for page in page_exchanges(evidence) if _is_stream(page)]
    if symptom is None or symptom.kind not in _KINDS or not streams:
        return
    if not _ENDS.search(symptom.text):
        return
    # Imported late: few runs have such a message.
    from checks.http._stream_limits import stream_limit
    from diagnose.parsers.many_tabs import tells_of_tabs

    limit = None if tells_of_tabs(symptom.text) else stream_limit(evidence)
    if limit is None:
        return
    subjects = endpoint_subjects(streams)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*streams, *limit.because),
        confidence=Confidence.LIKELY,
        facts={
            "url": streams[0].url,
            "server": limit.server,
            "seconds": limit.seconds,
            "setting": limit.setting,
            "place": limit.place,
            "haproxy": limit.server == "HAProxy",
            "tunnel": limit.tunnel,
        },
        fix=limit.fix or Fix((Manual("longer-limit", Where.SERVER),), Applicability.MANUAL),
    )


def _is_stream(page: Exchange) -> bool:
    media_type = (page.header("Content-Type") or "").partition(";")[0].strip().lower()
    return page.status == 200 and media_type == STREAM
