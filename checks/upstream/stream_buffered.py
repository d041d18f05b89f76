"""The application sends a stream of events (text/event-stream, HTML standard 9.2) or a line now and
then (a log as text/plain, JSON by lines), and nginx holds it back: it collects the response until a
buffer is full (ngx_http_proxy_module, proxy_buffering).

The application itself answers at once with the type of a stream, or begins a body that does not end
(Guacamole's tunnel, MJPEG, records of JSON), and through nginx nothing arrives;
or a short stream arrives whole, seconds after it was asked for. A message may say so of a stream
that this run cannot ask for: the answer to a POST of the page's script (a chat). Then the location
of the paths that the scripts use is judged.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._location_edits import location_fix, serves_only, setting_edits
from checks.upstream import Backend, backends
from checks.upstream._claims import BackendFault, upstream_claim
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
from diagnose.model.pages import Page, PageFileResponse
from diagnose.model.requests import Asked
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.many_tabs import tells_of_tabs
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.upstreams import pass_directive_of

STREAM = "text/event-stream"
#: Types in which programs also send a line now and then: logs, records of JSON (RFC 7464).
_LINES = frozenset(
    ("text/plain", "application/x-ndjson", "application/jsonl", "application/json-seq",
     "application/stream+json")
)  # fmt: skip
#: Seconds from the request to the first byte after which a stream is late.
LATE = 3.0
#: Paths of streams: of chats (OpenAI's and others), of events and of logs.
_STREAM_PATH = lazy_pattern(
    r"stream|events?\b|sse\b|chat|complet|message|generat|convers|progress|logs?\b|tail|subscribe"
)


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["http.server-error", "http.slow", "upstream.timeout", "server.application-silent"],
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
                    "seconds": "",
                    "told": False,
                    "direct": True,
                    "location": match.block.text,
                },
                because=(*silent, *streams),
                ruled_out=("upstream.refused", "upstream.timeout"),
            ),
            _fix(nginx, match, path),
        )
    claims = [] if nginx.is_refused else list(_late_streams(nginx))
    yield from claims or ([] if silent else _reported_stream(nginx))


def _reported_stream(nginx: Nginx) -> Iterator[Claim]:
    """Claim, after a message about a stream, the location of the stream that the page uses: where
    its scripts name none, that of the page. A stream that they open by its address is that one."""
    evidence = nginx.evidence
    symptom, pages = evidence.target.symptom, page_exchanges(evidence)
    if symptom is None or symptom.kind != "stream" or not pages or nginx.is_refused:
        return
    if tells_of_tabs(symptom.text):
        return  # in the first tabs the stream arrives
    own = evidence.target.path_without_query
    used = [path for path in _used_paths(evidence) if _STREAM_PATH.search(path.lower())]
    paths = [*_opened_paths(evidence), *used] or [own]
    for path in paths:
        for match in _passing_locations(nginx, path):
            directive = pass_directive_of(match)
            module = directive.name.removesuffix("_pass") if directive else ""
            if directive is None or not _is_buffered(match, module):
                continue
            yield Claim(
                about=Subject(port=evidence.target.port, path=path, text=file_line(directive)),
                covers=(NO_PORT,),
                because=(*pages[:1], *((nginx.config,) if nginx.config else ())),
                confidence=Confidence.LIKELY,
                severity=Severity.WARNING,
                location=nginx.location(directive),
                facts={
                    "url": evidence.target.origin + path,
                    "type": STREAM,
                    "events": True,
                    "seconds": "",
                    "told": True,
                    "direct": False,
                    "application": " ".join(directive.args[:1]),
                    "location": match.block.text,
                    "place": file_line(directive),
                },
                fix=_fix(nginx, match, path, f"{module}_buffering"),
            )
            return


def _opened_paths(evidence: Evidence) -> list[str]:
    """Return the paths of the streams that the page's scripts open (`new EventSource`)."""
    # Imported late: few messages are about a stream.
    from diagnose.model.other_requests import OtherRequest

    return [
        other_request.path
        for other_request in evidence.good(OtherRequest)
        if other_request.source == "script"
    ]


def _used_paths(evidence: Evidence) -> list[str]:
    """Return the paths to which the page's scripts send, and from which they read, each once."""
    readers: list[Page | PageFileResponse] = [
        *evidence.good(Page),
        *evidence.good(PageFileResponse),
    ]
    used = (path for reader in readers for path in (*reader.sent_paths, *reader.data_paths))
    return list(dict.fromkeys(path.partition("?")[0] for path in used))


def _late_streams(nginx: Nginx) -> Iterator[Claim]:
    """Judge by the stream that comes late through nginx. The application may need the time itself,
    but its header, and what it writes first, would come before; unless it sends nothing either when
    it is asked directly."""
    path = nginx.evidence.target.path_without_query
    late = tuple(
        page
        for page in page_exchanges(nginx.evidence)
        if page.status == 200 and page.took >= LATE and _media_type(page) == STREAM
    )
    for match in _passing_locations(nginx, path) if late else ():
        directive = pass_directive_of(match)
        module = directive.name.removesuffix("_pass") if directive else ""
        if directive is None or not _is_buffered(match, module) or begins_late(nginx.evidence):
            return
        subjects = endpoint_subjects(late)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*late, *nginx.configs),
            confidence=Confidence.LIKELY,
            severity=Severity.WARNING,
            location=nginx.location(directive),
            facts={
                "url": late[0].url,
                "type": STREAM,
                "events": True,
                "seconds": late[0].took,
                "told": False,
                "direct": False,
                "application": " ".join(directive.args[:1]),
                "location": match.block.text,
                "place": file_line(directive),
            },
            fix=_fix(nginx, match, path, f"{module}_buffering"),
        )
        return


def begins_late(evidence: Evidence) -> bool:
    """Return whether the application, asked directly, sends no header in time either: it comes with
    the first event, and nobody holds it back."""
    return any(
        asked.took >= LATE - 0.2 and asked.variant == "passed" for asked in evidence.of(Asked)
    )


def _passing_locations(nginx: Nginx, path: str) -> list[LocationMatch]:
    """Return the locations that pass a path on, those to which `try_files` or `rewrite` leads too:
    a PHP application's own paths end at its index.php."""
    matches = list(nginx.location_matches(path))
    if all(map(pass_directive_of, matches)):
        return matches
    # Imported late: few streams are late.
    from diagnose.parsers.nginx.final_requests import final_request

    return [final_request(selected.server, path)[0] for selected in nginx.answering_servers()]


def _media_type(page: Exchange) -> str:
    return (page.header("Content-Type") or "").partition(";")[0].strip().lower()


def _streams(backend: Backend) -> list[UpstreamTry]:
    return [
        attempt
        for attempt in backend.request_attempts
        if attempt.status == 200 and (attempt.media_type in {STREAM, *_LINES} or attempt.streams)
    ]


def _is_buffered(match: LocationMatch, module: str = "proxy") -> bool:
    """Return whether the module that passes on collects responses (nginx's modules of proxy,
    FastCGI, uWSGI and SCGI do)."""
    buffering = match.directive(f"{module}_buffering")
    return module in {"proxy", "fastcgi", "uwsgi", "scgi"} and (
        buffering is None or buffering.args[:1] != ("off",)
    )


def _fix(nginx: Nginx, match: LocationMatch, path: str, setting: str = "proxy_buffering") -> Fix:
    """Turn buffering off. For other pages of the location it costs some speed, so that is a
    person's choice."""
    file_edits = setting_edits(nginx, match, {setting: "off"})
    if not file_edits:
        return Fix((Manual("do-not-buffer", Where.SERVER),), Applicability.MANUAL)
    is_own_location = path != "/" and serves_only(match, [path])
    return location_fix(nginx, match, file_edits, sure=is_own_location)
