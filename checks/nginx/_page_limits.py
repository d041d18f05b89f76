"""A limit of requests or connections (ngx_http_limit_req_module, ngx_http_limit_conn_module) and
the number of requests that a page makes. Over HTTP/2 each request counts as a connection."""

import posixpath
import re
from collections.abc import Iterable

from checks.http import LIMITED
from checks.nginx import Nginx
from checks.nginx._page_errors import is_in_run, logged_errors
from diagnose.model import Evidence
from diagnose.model.frozen import frozen
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.model.pages import Page
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.urls import parse_url, path_of

#: Different files of one page that a limit refused to one visitor within so many seconds: a browser
#: loads a page's files so. Strangers who ask for many pages name no page of the site as theirs.
_MANY_FILES, _SECONDS = 5, 2.0
#: Messages about parts of a page, or about some visits: the log's lines need not name the page then
#: (`Referrer-Policy: no-referrer`, an app).
_PARTLY = {"page-files", "sometimes", "some-visitors", "limit", "not-loaded", "incomplete"}
#: Maximum number of refusals of one visitor that are counted.
_MAX_FILES = 300

_RATE = re.compile(r"rate=(\d{1,9})r/([sm])")
_BURST = re.compile(r"burst=(\d{1,9})")
#: What the log says is limited, and the end of the directive's name.
_KINDS = {"requests": "req", "connections": "conn"}
#: What tells visitors apart, or puts all of them together.
_KEYS = {"$binary_remote_addr", "$remote_addr", "$server_name", "$host"}


@frozen
class RefusedFiles:
    """A limit that refuses files of the page which a browser requests with it.

    `line` and `match` are the last refusal of an earlier visitor in the log, `requests` is the
    number of requests that the page makes. `page` is the page's address if the log alone tells that
    number: those that were refused at once, and those that the limit permits; "" otherwise.
    """

    line: LogLine
    match: re.Match[str]
    directive: Directive
    requests: int
    page: str = ""


def page_files(evidence: Evidence) -> set[str]:
    """Return the URLs of the site's own files that its page loads."""
    return {
        file.url
        for page in evidence.good(Page)
        for file in page.files
        if is_own_origin(evidence.target, file.url)
    }


def requests_a_second(match: LocationMatch, directive: Directive) -> float:
    """Return the rate of a limit's zone; 0 if it is not known, or counts some requests only."""
    names = [word.removeprefix("zone=") for word in directive.args if word.startswith("zone=")]
    for zone in children(match.blocks[0], "limit_req_zone"):
        words = " ".join(zone.args)
        rate = _RATE.search(words)
        is_same = any(f"zone={name}:" in words for name in names)
        if is_same and rate and zone.args and zone.args[0] in _KEYS:
            return int(rate[1]) / (60 if rate[2] == "m" else 1)
    return 0.0


def refused_files(nginx: Nginx) -> RefusedFiles | None:
    """Return the limit that refused files of the page to earlier visitors, if one page makes more
    requests than the limit permits in its first second; None for a limit that only a flood met."""
    paths: dict[str, int] = {}
    for url in page_files(nginx.evidence):
        path = path_of(url)
        paths[path] = paths.get(path, 0) + 1
    for line, match in reversed(logged_errors(nginx.evidence, LIMITED) if paths else []):
        if line.path not in paths or is_in_run(nginx.evidence, line):
            continue
        for location in nginx.location_matches(line.path):
            requests = sum(paths.values()) + 1
            for directive in location.directives(f"limit_{_KINDS[match[1]]}"):
                permitted = _permitted(location, directive, match[2])
                if permitted and requests > permitted:
                    return RefusedFiles(line, match, directive, requests)
    return None


def refused_bursts(nginx: Nginx) -> RefusedFiles | None:
    """Return the limit that refused many files of one page to a visitor's browser at once, by the
    log: images, and what scripts load, are among them. Pages themselves do not count: programs that
    read a whole site ask for those. The log names the page, or a message is about such files."""
    symptom = nginx.evidence.target.symptom
    is_told = symptom is not None and symptom.kind in _PARTLY
    bursts: dict[tuple[str, str, str], list[tuple[LogLine, re.Match[str]]]] = {}
    largest: list[tuple[LogLine, re.Match[str]]] = []
    for line, match in logged_errors(nginx.evidence, LIMITED):
        page = parse_url(line.referrer)
        is_own = page is not None and page.host == nginx.evidence.target.host
        is_own = is_own or (is_told and line.referrer in {"", "-"})
        is_file = bool(posixpath.splitext(line.path)[1])
        if not is_own or not is_file or is_in_run(nginx.evidence, line):
            continue
        key = line.client, line.referrer, match[2]
        recent = [pair for pair in bursts.get(key, []) if line.when - pair[0].when <= _SECONDS]
        bursts[key] = [*recent[-_MAX_FILES:], (line, match)]
        largest = max(largest, bursts[key], key=_count_paths)
    if (refused := _count_paths(largest)) < _MANY_FILES:
        return None
    line, match = largest[-1]
    for location in nginx.location_matches(line.path):
        for directive in location.directives(f"limit_{_KINDS[match[1]]}"):
            if permitted := _permitted(location, directive, match[2]):
                return RefusedFiles(line, match, directive, refused + int(permitted), line.referrer)
    return None


def _count_paths(lines: Iterable[tuple[LogLine, re.Match[str]]]) -> int:
    return len({line.path for line, _ in lines})


def _permitted(location: LocationMatch, directive: Directive, zone: str) -> float:
    """Return the number of requests that a limit permits in the first second; 0 if it has another
    zone, or is not known."""
    if directive.name == "limit_conn":
        is_same = directive.args[:1] == (zone,) and directive.args[-1].isdigit()
        return int(directive.args[-1]) if is_same else 0
    burst = _BURST.search(" ".join(directive.args))
    rate = requests_a_second(location, directive)
    is_known = f"zone={zone}" in directive.args and rate > 0
    return 1 + (int(burst[1]) if burst else 0) + rate if is_known else 0
