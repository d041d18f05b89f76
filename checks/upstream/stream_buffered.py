"""The application sends a stream of events (text/event-stream, HTML standard 9.2) or a line now and
then (a log as text/plain, JSON by lines), and nginx holds it back: it collects the response until a
buffer is full (ngx_http_proxy_module, proxy_buffering).

The application itself answers at once with the type of a stream, and through nginx nothing arrives;
or a short stream arrives whole, seconds after it was asked for.

The answers of chat programs are the response to a POST, which the run does not send. After a
message that they do not come word by word, the location that passes them on is looked at.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, serves_only, setting_edits
from checks.upstream import Backend, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._told import passed_paths, told_text
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of

STREAM = "text/event-stream"
#: Types in which programs also send a line now and then: logs, records of JSON (RFC 7464).
_LINES = frozenset(
    ("text/plain", "application/x-ndjson", "application/jsonl", "application/json-seq",
     "application/stream+json")
)  # fmt: skip
#: Seconds from the request to the first byte after which a stream is late.
LATE = 3.0
#: Messages about a stream that does not come bit by bit.
_TOLD = re.compile(
    r"流式|逐字|逐个字|打字(?:机|效果)|一次性.{0,8}(?:显示|返回|输出|出来|收到)"
    r"|全部.{0,6}(?:完|后).{0,4}(?:才|再)(?:显示|返回|输出)"
    r"|\bSSE\b|EventSource|event[- ]stream|server[- ]sent events?"
    r"|word[- ]by[- ]word|token[- ]by[- ]token|typewriter"
    r"|\bstreaming (?:answers?|responses?|output|messages?|tokens?|events?|chat)\b"
    r"|(?:\bnot|n't|instead of|without) stream(?:ing)?\b"
    r"|\b(?:answers?|responses?|repl(?:y|ies)|output|messages?|tokens?|events?|chunks?)\b.{0,60}"
    r"\b(?:at once|come together|in one (?:go|block|piece)|(?:not|never) flushed|delayed until"
    r"|all tokens)\b"
    r"|\bbuffers? (?:the |my )?(?:whole |entire )?(?:answers?|responses?|events?|chunks?|stream)\b"
    r"|\bdumps all (?:the )?output",
    re.IGNORECASE,
)


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["http.server-error", "http.slow", "upstream.timeout"],
)
def stream_buffered(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if page.failure and not page.status]
    silent = [page for page in pages if page.failure and page.failure.kind == "timeout"]
    nginx, path = Nginx.of(evidence), evidence.target.path
    for backend in backends(nginx) if silent else ():
        streams = _streams(backend)
        match = next(
            (match for match in nginx.location_matches(path) if proxy_pass_of(match)), None
        )
        if path not in backend.paths or not streams or match is None or not _is_buffered(match):
            continue
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {
                    "url": silent[0].url,
                    "type": streams[0].media_type,
                    "events": streams[0].media_type == STREAM,
                    "told": False,
                    "location": " ".join((match.block.name, *match.block.args)),
                },
                because=(*silent, *streams),
                ruled_out=("upstream.refused", "upstream.timeout"),
            ),
            _fix(nginx, match, path),
        )
    late = tuple(_late_streams(nginx))
    yield from late
    if not late and not silent:
        yield from _told_streams(evidence)


def _told_streams(evidence: Evidence) -> Iterator[Claim]:
    """Judge by a message, if no answer of the run says that nginx must not buffer it. The location
    of a path to which the page's script sends something comes first."""
    says_itself = any(page.header("X-Accel-Buffering") for page in page_exchanges(evidence))
    if says_itself or not told_text(evidence, _TOLD):
        return
    passed = sorted(passed_paths(evidence), key=lambda item: item[2] == evidence.target.path)
    for nginx, match, path in passed:
        directive = proxy_pass_of(match)
        if directive is None or not _is_buffered(match):
            continue
        yield Claim(
            about=Subject(port=evidence.target.port, path=path),
            because=(nginx.config,) if nginx.config else (),
            confidence=Confidence.LIKELY,
            severity=Severity.WARNING,
            location=nginx.location(directive),
            facts={
                "url": evidence.target.origin + path,
                "type": STREAM,
                "events": True,
                "told": True,
                "application": directive.args[0] if directive.args else "",
                "location": " ".join((match.block.name, *match.block.args)),
                "place": file_line(directive),
            },
            fix=_fix(nginx, match, path),
        )
        return


def _late_streams(nginx: Nginx) -> Iterator[Claim]:
    """Judge by the stream that comes late through nginx. The application may need the time itself,
    but its headers, and what it writes first, would come before."""
    path = nginx.evidence.target.path
    late = tuple(
        page
        for page in page_exchanges(nginx.evidence)
        if page.status == 200 and page.took >= LATE and _media_type(page) == STREAM
    )
    match = next((match for match in nginx.location_matches(path) if proxy_pass_of(match)), None)
    directive = proxy_pass_of(match) if match else None
    if not late or match is None or directive is None or not _is_buffered(match):
        return
    subjects = endpoint_subjects(late)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*late, *([nginx.config] if nginx.config else [])),
        confidence=Confidence.LIKELY,
        severity=Severity.WARNING,
        location=nginx.location(directive),
        facts={
            "url": late[0].url,
            "type": STREAM,
            "events": True,
            "seconds": late[0].took,
            "told": False,
            "application": directive.args[0],
            "location": " ".join((match.block.name, *match.block.args)),
            "place": file_line(directive),
        },
        fix=_fix(nginx, match, path),
    )


def _media_type(page: Exchange) -> str:
    return (page.header("Content-Type") or "").partition(";")[0].strip().lower()


def _streams(backend: Backend) -> list[UpstreamTry]:
    return [
        attempt
        for attempt in backend.request_attempts
        if attempt.status == 200 and attempt.media_type in {STREAM, *_LINES}
    ]


def _is_buffered(match: LocationMatch) -> bool:
    directive = match.directive("proxy_buffering")
    return directive is None or directive.args[:1] != ("off",)


def _fix(nginx: Nginx, match: LocationMatch, path: str) -> Fix:
    """Turn buffering off. For other pages of the location it costs some speed, so that is a
    person's choice."""
    file_edits = setting_edits(nginx, match, {"proxy_buffering": "off"})
    if not file_edits:
        return Fix((Manual("do-not-buffer", Where.SERVER),), Applicability.MANUAL)
    is_own_location = path != "/" and serves_only(match, [path])
    return location_fix(nginx, match, file_edits, sure=is_own_location)
