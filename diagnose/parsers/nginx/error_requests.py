"""Select from nginx's error log the paths that visitors asked for and did not get. No I/O.

It has what the access log lacks where that is off (`access_log off`): a file that nginx did not
find or may not read. A request from a page of the site is known by its Referer, which nginx writes
behind the message. What is closed by a rule is left out: it is closed on purpose. Applications that
did not answer are judged by the line itself (`checks/upstream`).
"""

import posixpath
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from diagnose.model.logs import LogLine
from diagnose.model.other_requests import OtherRequest
from diagnose.parsers.access_log import host_of
from diagnose.parsers.nginx.error_log import FILE_DENIED, matching_lines
from diagnose.parsers.other_requests import is_asked_by_pages
from diagnose.parsers.unknown_paths import is_unknown
from diagnose.parsers.urls import parse_url

#: Maximum number of paths that are kept.
MAX_PATHS = 2

_DENIED, _MISSING = 403, 404
#: A file is not there (ENOENT, ENOTDIR), or a name is too long: ngx_http_static_module and others.
_NOT_THERE = re.compile(r'"/[^"]*" (?:failed|is not found) \((?:2|20|36): ')


def failed_paths(
    lines: Iterable[LogLine],
    names: Collection[str],
    host: str,
    is_named: Callable[[str], bool],
) -> tuple[OtherRequest, ...]:
    """Return the paths at which requests of visitors failed, what a page of the site asked for
    first.

    `names` are the names of the site, `host` is the one that the visitors asked for. `is_named`
    says whether the configuration has a location for this path alone: where nginx may not read what
    is there, that is no stranger's guess.
    """
    paths: dict[str, OtherRequest] = {}
    for line in matching_lines(lines, host=host):
        status = _status(line.text)
        if not status or not line.request.startswith("GET ") or is_unknown(line.path):
            continue
        referrer = parse_url(line.referrer) if host_of(line.referrer) in names else None
        is_from_page = referrer is not None and referrer.path.partition("?")[0] != line.path
        is_meant = status == _DENIED and is_named(line.path)
        if not is_asked_by_pages(line.path) or not (is_from_page or is_meant):
            continue
        previous = paths.get(line.path)
        request = OtherRequest(
            path=line.path, file=line.file, status=status, written=line.written, times=line.times,
            is_from_page=is_from_page, by_browser=is_from_page, is_named=is_meant,
            sender=referrer.path.partition("?")[0] if is_from_page and referrer else "",
        )  # fmt: skip
        paths[line.path] = _joined(previous, request) if previous else request
    ordered = sorted(paths.values(), key=lambda request: (request.is_from_page, request.times))
    # What one folder lacks has one reason.
    by_folder = {posixpath.dirname(request.path): request for request in ordered}
    return tuple(reversed(by_folder.values()))[:MAX_PATHS]


def _joined(previous: OtherRequest, request: OtherRequest) -> OtherRequest:
    return replace(
        request,
        times=previous.times + request.times,
        is_from_page=previous.is_from_page or request.is_from_page,
        by_browser=previous.by_browser or request.by_browser,
        sender=request.sender or previous.sender,
    )


def _status(text: str) -> int:
    """Return what nginx answers after a message, 0 if it is none of these."""
    if FILE_DENIED.search(text):
        return _DENIED
    return _MISSING if _NOT_THERE.search(text) else 0
