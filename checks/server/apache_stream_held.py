"""Apache holds back a stream of events (text/event-stream, HTML standard 9.2) of PHP-FPM or another
FastCGI program: mod_proxy_fcgi collects the response until a buffer is full, unless the worker has
`flushpackets=on` (mod_proxy, "ProxyPass", "flushpackets").

The stream arrives seconds after it was asked for, or a message tells of one that does not arrive. A
program may need the time itself before its first byte, so that it is likely.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_overrides import added_lines
from checks.server._backend_answers import route_to_application
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig

STREAM = "text/event-stream"
#: Seconds from the request to the first byte after which a stream is late.
LATE = 3.0
#: A handler that passes files on; the name of its worker is what follows the pipe (mod_proxy_fcgi,
#: "Examples").
_HANDLER = re.compile(
    r"(?i)\s*SetHandler\s+\"?proxy:(?:unix:[^|\s\"]{1,300}\|)?(fcgi://[^\s\"/|]{1,255})/?\"?\s*"
)
_PASS = re.compile(r"(?i)\s*ProxyPass(?:Match)?\s.{0,1000}?(fcgi://[^\s\"/|]{1,255})")
_WORKER = re.compile(r"(?i)(\s*<Proxy\s+\"?(?:unix:[^|\s\"]{1,300}\|)?)(fcgi://[^\s\"/>]{1,255})")
_FLUSHED = re.compile(r"(?i)\bflushpackets\s*=\s*(?:on|auto)\b")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["http.slow"],
)
def apache_stream_held(evidence: Evidence) -> Iterator[Claim]:
    view, symptom = server_on_port(evidence), evidence.target.symptom
    late = tuple(page for page in page_exchanges(evidence) if _is_late_stream(page))
    is_told = symptom is not None and symptom.kind == "stream"
    pages = late or (page_exchanges(evidence)[:1] if is_told else ())
    if view is None or view.server.product != "apache" or not pages:
        return
    source = _source(view)
    if source is None:
        return
    subjects = endpoint_subjects(pages)
    edit = _edit(view, source)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, view.server),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": pages[0].url,
            "seconds": pages[0].took if late else "",
            "worker": source.worker,
            "place": place_text(source.file, source.line),
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "flush"),
    )


@frozen
class StreamSource:
    """The worker of a FastCGI program ("fcgi://127.0.0.1:9000") and the line that names it, which
    `passes` requests on or is a handler."""

    worker: str
    file: str
    line: int
    passes: bool


def _is_late_stream(page: Exchange) -> bool:
    media_type = (page.header("Content-Type") or "").partition(";")[0].strip().lower()
    is_plain = page.header("Content-Encoding") is None
    is_late = page.status == 200 and page.took >= LATE
    return is_late and is_plain and media_type == STREAM


def _source(view: ServerView) -> StreamSource | None:
    """Return the only FastCGI program of the site; None if another application answers the page,
    if there are several, or if a line passes on at once what the program sends."""
    files, sites = view.config.files if view.config else (), view.answering_sites
    if len(sites) != 1 or any(_FLUSHED.search(file.text) for file in files):
        return None
    route = route_to_application(view)
    if route is not None:
        match = _PASS.match(line_text(view, route.file, route.line))
        return StreamSource(match[1], route.file, route.line, True) if match else None
    rows = [
        StreamSource(match[1], file.path, number, False)
        for file in files
        for number, row in enumerate(file.text.split("\n"), 1)
        if (match := _HANDLER.fullmatch(row))
    ]
    site = sites[0]
    own = [row for row in rows if row.file == site.file and site.line < row.line < site.end]
    candidates = own or rows
    return candidates[0] if len({row.worker for row in candidates}) == 1 else None


def _edit(view: ServerView, source: StreamSource) -> Edit | None:
    """Write the parameter behind the line that passes requests on, or at the worker: at its section
    if there is one, or in a new one in the virtual host."""
    if source.passes:
        text = line_text(view, source.file, source.line).rstrip()
        return line_edit(view, source.file, {source.line: (f"{text} flushpackets=on",)})
    for file in view.config.files if view.config else ():
        for number, row in enumerate(file.text.split("\n"), 1):
            match = _WORKER.match(row)
            if match and match[2].lower() == source.worker.lower() and row.rstrip()[-1:] == ">":
                changed = f"{row.rstrip()[:-1].rstrip()} flushpackets=on>"
                return line_edit(view, file.path, {number: (changed,)})
    section = (f'<Proxy "{source.worker}" flushpackets=on>', "</Proxy>")
    return added_lines(view, view.answering_sites[0], section)
