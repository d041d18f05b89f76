"""Find in nginx's access log the requests whose header fitted into no buffer. No I/O.

nginx logs 400 for them, and applications answer 400 for many reasons. The number of bytes tells
them apart: nginx's page for this refusal has one length for each length of its version
(ngx_http_special_response.c), and its other pages for 400 have none of these. So one visitor's
large cookie shows among the requests of all others, who get the page.
"""

from collections.abc import Collection, Iterable

from diagnose.model import Vantage
from diagnose.model.logs import FailedRequests
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site

_BAD_REQUEST = 400
_PAGE = (
    "<html>\r\n<head><title>400 Request Header Or Cookie Too Large</title></head>\r\n<body>\r\n"
    "<center><h1>400 Bad Request</h1></center>\r\n"
    "<center>Request Header Or Cookie Too Large</center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
#: With `server_tokens off`, and with versions from "/1.9.3" to "/1.27.10".
_LENGTHS = frozenset(len(_PAGE) + version for version in (0, 6, 7, 8))
#: Refusals from which on they are no accident.
_ENOUGH = 2
#: Maximum number of paths that are kept.
_MAX_PATHS = 2


def is_refused_header(line: AccessLine) -> bool:
    """Return whether nginx refused the request because of its header. The answer to HEAD is
    empty."""
    return line.status == _BAD_REQUEST and line.sent in _LENGTHS


def refused_headers(
    lines: Iterable[AccessLine],
    file: str,
    names: Collection[str],
    is_shared: bool,
    since: float,
    path: str,
) -> tuple[FailedRequests, ...]:
    """Return the requests that were refused so since a time (seconds since the epoch): those for
    this path, and those of browsers for other pages, if two or more are alike."""
    groups: dict[tuple[str, str], FailedRequests] = {}
    for line in lines:
        if line.when < since or not is_refused_header(line):
            continue
        is_from_page = host_of(line.referer) in names
        if not is_of_site(line, names, is_shared, is_from_page or line.path == path != "/"):
            continue
        if line.path != path and not line.is_of_browser:
            continue
        key = line.method, line.path
        known = groups.get(key)
        groups[key] = FailedRequests(
            vantage=Vantage.SERVER,
            file=file,
            method=line.method,
            path=line.path,
            status=line.status,
            written=line.written,
            times=known.times + 1 if known else 1,
            is_from_page=is_from_page or (known is not None and known.is_from_page),
            has_query=line.has_query or (known is not None and known.has_query),
            is_large_header=True,
        )
    repeated = (failure for failure in groups.values() if failure.times >= _ENOUGH)
    return tuple(
        sorted(repeated, key=lambda failure: (failure.path != path, -failure.times))[:_MAX_PATHS]
    )


def with_refused_headers(
    failures: tuple[FailedRequests, ...], refused: tuple[FailedRequests, ...]
) -> tuple[FailedRequests, ...]:
    """Return the failures and those that were refused for their header, each once."""
    keys = {(failure.method, failure.path, failure.status) for failure in refused}
    others = (
        failure
        for failure in failures
        if (failure.method, failure.path, failure.status) not in keys
    )
    return (*refused, *others)
