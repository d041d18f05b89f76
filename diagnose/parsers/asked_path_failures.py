"""Find in an access log that all of what visitors sent to the path that was asked for failed in
ways that no site is made for. No I/O.

The page at such a path may be answered, and its upload or its form fails: a body was cut (408), too
large (413), of no known length (411) or of a type that nobody takes (415), or the server failed.
What may be meant or depends on the visitor (401, 403, 404, 405, 422) is left out.

A request of any method may be too large: its address (414) or its header (431, 494). That depends
on the visitor's cookies, and the page of others comes.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from diagnose.model import Vantage
from diagnose.model.logs import FailedRequests
from diagnose.parsers.access_log import AccessLine, host_of
from diagnose.parsers.failed_requests import is_of_site

_SENDING = frozenset({"POST", "PUT", "PATCH"})
_NEVER_MEANT = frozenset({408, 411, 413, 415})
#: RFC 9110 section 15.5.15, RFC 6585 section 5, and nginx's own.
_TOO_LARGE = frozenset({414, 431, 494})
#: A method or a version of HTTP that the server does not have: strangers try these.
_UNKNOWN = frozenset({501, 505})
#: Failures from which on they are no accident.
_ENOUGH = 2


def asked_path_failures(
    lines: Iterable[AccessLine],
    file: str,
    names: Collection[str],
    is_shared: bool,
    since: float,
    path: str,
) -> tuple[FailedRequests, ...]:
    """Return the requests that send something to this very path, if none of their method came
    through since a time (seconds since the epoch) and two or more failed in the same way. Nothing
    for "/", which everybody asks for."""
    if path == "/":
        return ()
    statuses: dict[str, list[AccessLine]] = {}
    large: dict[tuple[str, int], list[AccessLine]] = {}
    for line in lines:
        if line.path != path or line.when < since:
            continue
        is_from_page = host_of(line.referer) in names
        if not is_of_site(line, names, is_shared, is_from_page):
            continue
        if line.status in _TOO_LARGE:
            large.setdefault((line.method, line.status), []).append(line)
        elif line.method in _SENDING:
            statuses.setdefault(line.method, []).append(line)
    failures = (
        _failure(sent, file, names)
        for sent in statuses.values()
        if all(line.status >= 400 for line in sent)
    )
    refused = (
        replace(_failed_requests(sent, file, names), is_all=False) for sent in large.values()
    )
    return (
        *(failure for failure in failures if failure is not None),
        *(failure for failure in refused if failure.times >= _ENOUGH),
    )


def _failure(sent: list[AccessLine], file: str, names: Collection[str]) -> FailedRequests | None:
    last = sent[-1]
    alike = [line for line in sent if line.status == last.status]
    is_fault = last.status in _NEVER_MEANT or (last.status >= 500 and last.status not in _UNKNOWN)
    return _failed_requests(alike, file, names) if len(alike) >= _ENOUGH and is_fault else None


def _failed_requests(alike: list[AccessLine], file: str, names: Collection[str]) -> FailedRequests:
    """Return requests of one method and status as one observation."""
    last = alike[-1]
    return FailedRequests(
        vantage=Vantage.SERVER,
        file=file,
        method=last.method,
        path=last.path,
        status=last.status,
        written=last.written,
        times=len(alike),
        is_from_page=any(host_of(line.referer) in names for line in alike),
        has_query=any(line.has_query for line in alike),
        ending=last.ending,
        is_all=True,
    )


def with_asked_path(
    failures: tuple[FailedRequests, ...], asked: tuple[FailedRequests, ...]
) -> tuple[FailedRequests, ...]:
    """Return the failures and those of the path that was asked for, each once."""
    keys = {(failure.method, failure.path, failure.status) for failure in asked if failure.is_all}
    marked = tuple(
        replace(failure, is_all=True)
        if (failure.method, failure.path, failure.status) in keys
        else failure
        for failure in failures
    )
    known = {(failure.method, failure.path, failure.status) for failure in failures}
    others = (
        failure for failure in asked if (failure.method, failure.path, failure.status) not in known
    )
    return (*others, *marked)
