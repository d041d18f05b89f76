"""The application ends its response too early, and nginx passes on what came (error.log: "upstream
prematurely closed connection while reading upstream", "upstream timed out … while reading
upstream", "upstream sent invalid chunked response").

The line was written for the target's page, whose body a visitor gets cut, or the application itself
was asked and cuts it too: so nginx did not. A run reads fast, and only the beginning of a large
file: after a message about a download that is cut off, the line alone is enough.

Of other pages than the target's there is the line alone, too. A stream of events ends in this way
when the application is restarted: only a file that was cut several times is a fault without a
message, or a wait (proxy_read_timeout) that somebody made shorter than nginx's default, or a
download that ended at the size of nginx's temporary file, by the access log.

Where the application announces more bytes than it has, nginx waits for the rest, and its log says
"upstream timed out" in the end. The application was asked twice without nginx then, and stopped
after the same number of bytes: it is not slow, and a longer wait changes nothing.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http._bodies import body_subjects, page_bodies
from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
from checks.nginx._page_errors import is_in_run, logged_errors
from checks.upstream._gateways import (
    DEFAULT_TIMEOUT,
    ReadTimeout,
    gateway_prefix,
    read_timeout_of,
    request_matches,
)
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
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, ResponseBody, page_exchanges
from diagnose.model.logs import DownloadSize, LogLine
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.parsers.cut_connections import reported_seconds
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES, LocationMatch
from diagnose.parsers.usual_paths import is_usual_websocket

_CUT = re.compile(
    r"(?P<closed>upstream prematurely closed connection while reading upstream)"
    r"|(?P<timeout>upstream timed out \(110: [^)]*\) while reading upstream)"
    r"|(?P<reset>(?:recv|readv)\(\) failed \(104: [^)]*\) while reading upstream)"
    r"|(?P<chunks>upstream sent invalid chunked response while reading upstream)"
)
_KINDS = ("closed", "timeout", "reset", "chunks")
#: A line of the log, and the words of it that say how the response ended.
_Match = tuple[LogLine, re.Match[str]]
#: Paths that are reported, and cut responses of a file from which on they are no accident.
MAX_PATHS, _OFTEN = 2, 2
#: How people write the size at which nginx's temporary file is full unless it is told otherwise
#: (proxy_max_temp_file_size, 1024m), and a little more: what the visitor had read before.
_GIGABYTE = re.compile(
    r"(?<![\d.,])1(?:[.,][0-2]\d?)? ?(?:GB|GiB|G|gigs?|gigabytes?|个?G)(?![A-Za-z])"
    r"|(?<!\d)10[0-9]{2} ?(?:MB|MiB|M)(?![A-Za-z])",
    re.IGNORECASE,
)
#: Seconds for which nginx waits for the next event of a stream after the edit.
_LONG = 3600


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["http.body-cut", "http.server-error", "http.wrong-content-encoding"],
)
def response_cut(evidence: Evidence) -> Iterator[Claim]:
    if stopped := _stopped(evidence):
        yield _too_much_announced(Nginx.of(evidence), *stopped)
        return
    bodies = tuple(
        body
        for request in ("target", "browser")
        for body in page_bodies(evidence, request)
        if body.end == "cut"
    )
    own = tuple(body for body in page_bodies(evidence, "application") if body.end == "cut")
    failed = tuple(
        page
        for page in evidence.of(Exchange)
        if page.purpose == "target" and page.failure and page.failure.kind in {"closed", "reset"}
    )
    matches = logged_errors(evidence, _CUT, evidence.target.path)
    visited: tuple[ResponseBody | Exchange, ...] = (*bodies, *failed)
    if not visited and matches and _is_reported(evidence):
        visited = page_exchanges(evidence)
    nginx = Nginx.of(evidence)
    if not (matches or own) or not visited:
        yield from _claims_of_others(nginx)
        return
    line, match = matches[-1] if matches else (None, None)
    passing, subjects = _pass_directive(nginx, evidence.target.path), body_subjects(visited)
    full = (
        _full_file(nginx, evidence.target.path) if match and match["closed"] and not own else None
    )
    yield Claim(
        about=subjects[0],
        covers=subjects,
        because=(
            *([line] if line else []),
            *own,
            *visited,
            *((nginx.config,) if nginx.config else ()),
        ),
        facts={
            "url": visited[0].url,
            "received": bodies[0].received if bodies else "",
            "message": line.text if line else "",
            "log": line.file if line else "",
            "when": line.written if line else "",
            "application": error_log.upstream_authority(line) if line else own[0].url,
            "web": line is None or _speaks_http(line),
            "asked": own[0].received if own else "",
            "announced": "",
            "stops_at": "",
            **dict.fromkeys(("patience", "set", "set_place"), ""),
            "full": full is not None,
            "sent": "",
            "place": file_line(passing) if passing else "",
            "times": "",
            **{kind: bool(match and match[kind]) for kind in _KINDS},
        },
        confidence=Confidence.CERTAIN
        if own or (line and is_in_run(evidence, line))
        else Confidence.LIKELY,
        location=nginx.location(passing) if passing else None,
        ruled_out=("nginx.temp-files-unwritable",),
        fix=(_unlimited(nginx, full) if full else None)
        or Fix((Manual("see-why-it-ends", Where.SERVER),), Applicability.MANUAL),
    )


def _stopped(evidence: Evidence) -> tuple[ResponseBody, tuple[ResponseBody, ...]] | None:
    """Return the visitor's body, and those of the application itself, if each one stopped after the
    same number of bytes, and before its end."""
    own = page_bodies(evidence, "application")
    if len(own) < 2 or len({body.received for body in own}) > 1 or not own[0].received:
        return None
    for body in page_bodies(evidence, "target"):
        if all(each.stops_before(body.announced) for each in own):
            return body, own
    return None


def _too_much_announced(nginx: Nginx, body: ResponseBody, own: tuple[ResponseBody, ...]) -> Claim:
    passing = _pass_directive(nginx, nginx.evidence.target.path)
    names = ("message", "log", "when", "patience", "set", "set_place", "sent", "times", "received")
    subjects = body_subjects([body])
    return Claim(
        about=subjects[0],
        covers=subjects,
        because=(*own, body, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(passing) if passing else None,
        facts={
            **dict.fromkeys(names, ""),
            **dict.fromkeys(("full", "web", *_KINDS), False),
            "url": body.url,
            "application": own[0].url.partition("://")[2].partition("/")[0],
            "asked": "",
            "stops_at": own[0].received,
            "announced": body.announced,
            "place": file_line(passing) if passing else "",
        },
        fix=Fix((Manual("correct-the-length", Where.SERVER),), Applicability.MANUAL),
    )


def _claims_of_others(nginx: Nginx) -> Iterator[Claim]:
    """Yield a claim about each other path whose response was cut before this run, at most
    MAX_PATHS."""
    for path, matches in list(_matches_of_others(nginx.evidence).items())[-MAX_PATHS:]:
        yield _claim_of_other(nginx, path, matches)


def _matches_of_others(evidence: Evidence) -> dict[str, list[_Match]]:
    """Return the log lines about paths that this run did not ask for, by the path."""
    matches_by_path: dict[str, list[_Match]] = {}
    urls = [exchange.url for exchange in evidence.of(Exchange)]
    urls += [response.url for response in evidence.of(PageFileResponse)]
    own_paths = {
        url.partition("?")[0].removeprefix(evidence.target.origin)
        for url in (evidence.target.url, *urls)
    }
    for line, match in logged_errors(evidence, _CUT):
        is_own = line.path in own_paths and is_in_run(evidence, line)
        if line.path and not is_own and not is_usual_websocket(line.path):
            matches_by_path.setdefault(line.path, []).append((line, match))
    return matches_by_path


def _claim_of_other(nginx: Nginx, path: str, matches: list[_Match]) -> Claim:
    evidence, (line, match) = nginx.evidence, matches[-1]
    times = sum(each.times for each, _ in matches)
    is_file = bool(posixpath.splitext(path)[1])
    wait = _wait(nginx, path) if match["timeout"] else None
    full = _full_file(nginx, path) if match["closed"] else None
    size = _logged_size(evidence, path) if full else None
    is_fault = (
        _is_reported(evidence)
        or (is_file and times >= _OFTEN)
        or (wait is not None and wait.is_short)
        or size is not None
    )
    passing = _pass_directive(nginx, path)
    return Claim(
        about=Subject(port=evidence.target.port, path=path),
        covers=(NO_PORT,) if _is_reported(evidence) else (),
        because=(line, *([size] if size else []), *((nginx.config,) if nginx.config else ())),
        severity=Severity.WARNING if is_fault else Severity.NOTE,
        confidence=Confidence.LIKELY,
        location=nginx.location((wait and wait.timeout.directive) or passing) if passing else None,
        facts={
            "patience": f"{wait.timeout.patience:g}" if wait else "",
            "set": wait.timeout.text if wait else "",
            "set_place": file_line(wait.timeout.directive)
            if wait and wait.timeout.directive
            else "",
            "full": full is not None,
            "sent": size.sent if size else "",
            "url": evidence.target.origin + path,
            "received": "",
            "message": line.text,
            "log": line.file,
            "when": line.written,
            "application": error_log.upstream_authority(line) or "",
            "web": _speaks_http(line),
            "asked": "",
            "announced": "",
            "stops_at": "",
            "place": file_line(passing) if passing else "",
            "times": times,
            **{kind: bool(match[kind]) for kind in _KINDS},
        },
        ruled_out=("nginx.temp-files-unwritable",),
        fix=(wait.fix(nginx) if wait else _unlimited(nginx, full) if full else None)
        or Fix((Manual("see-why-it-ends", Where.SERVER),), Applicability.MANUAL),
    )


@frozen(eq=False)
class _Wait:
    """How long nginx waits for the next part of a response, and the location that says so."""

    match: LocationMatch
    timeout: ReadTimeout

    @property
    def is_short(self) -> bool:
        """Whether somebody set less than nginx's default."""
        return self.timeout.directive is not None and self.timeout.patience < DEFAULT_TIMEOUT

    def fix(self, nginx: Nginx) -> Fix | None:
        """Return the fix that lets nginx wait for an hour: a stream is silent for long."""
        if self.timeout.patience >= _LONG:
            return None
        file_edits = setting_edits(nginx, self.match, {self.timeout.name: f"{_LONG}s"})
        return location_fix(nginx, self.match, file_edits, sure=False) if file_edits else None


def _logged_size(evidence: Evidence, path: str) -> DownloadSize | None:
    """Return the size of a download of this path that ended where the temporary file is full."""
    sizes = evidence.good(DownloadSize)
    return next((size for size in sizes if size.server == "nginx" and size.path == path), None)


def _full_file(nginx: Nginx, path: str) -> LocationMatch | None:
    """Return the location whose temporary file is full at the size that a person tells of a
    download that is cut, or that the access log has; None if neither does, or if the location has
    no such file, or another size."""
    symptom = nginx.evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "incomplete"
    is_told = is_told and symptom is not None and bool(_GIGABYTE.search(symptom.text))
    if not is_told and _logged_size(nginx.evidence, path) is None:
        return None
    matches = list(request_matches(nginx, path))
    if len(matches) != 1 or gateway_prefix(matches[0]) != "proxy":
        return None
    match = matches[0]
    size, buffering = (
        match.directive("proxy_max_temp_file_size"),
        match.directive("proxy_buffering"),
    )
    is_buffered = buffering is None or buffering.args[:1] != ("off",)
    return match if size is None and is_buffered else None


def _unlimited(nginx: Nginx, match: LocationMatch) -> Fix | None:
    """Return the fix by which nginx writes no temporary file, and takes from the application what
    the visitor reads."""
    file_edits = setting_edits(nginx, match, {"proxy_max_temp_file_size": "0"})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _speaks_http(line: LogLine) -> bool:
    """Return whether curl may ask the application at the address in a line."""
    return line.upstream.startswith("http://") and not line.upstream.startswith("http://unix:")


def _wait(nginx: Nginx, path: str) -> _Wait | None:
    matches = list(request_matches(nginx, path))
    prefix = gateway_prefix(matches[0]) if len(matches) == 1 else ""
    return _Wait(matches[0], read_timeout_of(matches[0], prefix)) if prefix else None


def _is_reported(evidence: Evidence) -> bool:
    """Return whether the message is about a response that is cut off, or a stream that ends."""
    symptom = evidence.target.symptom
    return symptom is not None and (
        symptom.kind == "incomplete"
        or (symptom.kind == "stream" and any(reported_seconds(symptom)))
    )


def _pass_directive(nginx: Nginx, path: str) -> Directive | None:
    return next(
        (
            directive
            for match in nginx.location_matches(path)
            for name in PASS_DIRECTIVES
            if (directive := match.directive(name))
        ),
        None,
    )
