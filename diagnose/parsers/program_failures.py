"""Find in an access log the requests with which a program changes something and that were refused,
though the same program is served there. No I/O.

Strangers who look for weak sites send PUT and DELETE too, for the start page and for names of
scripts, which some sites answer with their page. A program that knows the site has just got the
same path by another method, or another path of its folder, and that is no file.
"""

import posixpath
from collections.abc import Collection, Iterable
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.logs import FailedRequests
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site

#: Methods that programs send and browsers' pages rarely do (RFC 9110 section 9.3, RFC 5789).
_CHANGING = frozenset({"PUT", "PATCH", "DELETE"})
#: How a rule for methods answers; 444: nginx closes the connection.
_REFUSED = frozenset({403, 405, 444})
#: Refusals of one request, and of all, from which on they are no accident.
_ENOUGH, _MANY = 2, 3
#: Maximum number of different failures that are kept.
_MAX_FAILURES = 4


def is_refused_change(line: AccessLine) -> bool:
    """Return whether a request that changes something below a folder was refused as a rule for
    methods does."""
    folder, name = posixpath.split(line.path.rstrip("/"))
    is_resource = folder != "/" and not posixpath.splitext(name)[1]
    return line.method in _CHANGING and line.status in _REFUSED and is_resource


def program_failures(
    lines: Iterable[AccessLine], file: str, names: Collection[str], is_shared: bool, since: float
) -> tuple[FailedRequests, ...]:
    """Return the refused requests of programs that are served otherwise, since a time (seconds
    since the epoch), the most frequent first. `names` and `is_shared` are those of
    `failed_requests`."""
    served: set[tuple[str, str, str]] = set()
    failures: dict[tuple[str, str], FailedRequests] = {}
    for line in lines:
        is_from_page = host_of(line.referer) in names
        if line.when < since or not is_of_site(line, names, is_shared, is_from_page):
            continue
        if line.is_served:
            failures.pop((line.method, line.path), None)
            served.update((line.client, line.agent, place) for place in _places(line.path))
        elif is_refused_change(line) and any(
            (line.client, line.agent, place) in served for place in _places(line.path)
        ):
            known = failures.get((line.method, line.path))
            failures[line.method, line.path] = _failure(known, line, file)
    repeated = [failure for failure in failures.values() if failure.times >= _ENOUGH]
    if sum(failure.times for failure in repeated) < _MANY:
        return ()
    return tuple(sorted(repeated, key=lambda failure: -failure.times)[:_MAX_FAILURES])


def _places(path: str) -> tuple[str, ...]:
    """Return the path and its folder; the top of a site is nobody's own."""
    folder = path.rstrip("/").rpartition("/")[0]
    return tuple(place for place in (path.rstrip("/"), folder) if place)


def _failure(known: FailedRequests | None, line: AccessLine, file: str) -> FailedRequests:
    if known is not None and known.status == line.status:
        return replace(known, times=known.times + 1, written=line.written)
    return FailedRequests(
        vantage=Vantage.SERVER,
        file=file,
        method=line.method,
        path=line.path,
        status=line.status,
        written=line.written,
        has_query=line.has_query,
        ending=line.ending,
        is_served_otherwise=True,
    )


def with_program_failures(
    failures: tuple[FailedRequests, ...], refused: tuple[FailedRequests, ...]
) -> tuple[FailedRequests, ...]:
    """Return the failures and those of programs, each once."""
    known = {(failure.method, failure.path) for failure in failures}
    return (
        *failures,
        *(failure for failure in refused if (failure.method, failure.path) not in known),
    )
