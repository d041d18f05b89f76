"""Apache refuses an upload by its own limit (413; core, "LimitRequestBody"): the access log has the
request, or a person asks about 413, and a line of the site's file sets the limit for its path.
Where none does, it is 1 GiB since 2.4.54, and no limit before.

Requests that mod_proxy passes on by http:// are not counted by Apache.
"""

import re
from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures
from checks.server import (
    ServerView,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_overrides import added_lines
from checks.server._apache_sections import lines_for
from checks.server._backend_answers import route_to_application
from checks.server._body_limits import ENOUGH, limit_severity, raised_limit, raising_fix
from checks.upstream._responses import asks_about_size, may_be_told_limit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.frozen import frozen
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.nginx.proxy_headers import size_text

#: The built-in limit in bytes, and the first version that has it (core, "LimitRequestBody").
_BUILT_IN, _SINCE = 1 << 30, (2, 4, 54)

_LIMIT = re.compile(r"(?i)\s*LimitRequestBody\s+[\"']?(\d{1,15})\b")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=["server.other-requests-failed"],
)
def apache_body_limit(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    for failure in current_failures(evidence, {413}, "apache"):
        if limit := _limit(view, failure.path):
            yield _claim(view, failure.path, failure, limit)
            return
    path = evidence.target.path.partition("?")[0]
    asked = _limit(view, path) if asks_about_size(evidence) else None
    if asked and not asked.is_built_in and may_be_told_limit(evidence, asked.size, ENOUGH):
        yield _claim(view, path, None, asked)


@frozen
class _Limit:
    """The limit for a path in bytes, and its line; that of the site if it is built in."""

    size: int
    file: str
    number: int
    is_built_in: bool = False


def _limit(view: ServerView, path: str) -> _Limit | None:
    """Return the limit for the requests of a path; None without one, and for what mod_proxy passes
    on by http://, which is not counted."""
    route = route_to_application(view, path)
    if route is not None and route.scheme in {"http", "https"}:
        return None
    limits = [limit for site in view.answering_sites for limit in _limits(view, site, path)]
    site = next(iter(view.answering_sites), None)
    if not limits and site is not None and _has_built_in(view.server.version):
        return _Limit(_BUILT_IN, site.file, site.line, True)
    # 0 stands for no limit.
    if not limits or not (limit := max(limits))[3]:
        return None
    _, number, file, size = limit
    return _Limit(size, file, number)


def _claim(view: ServerView, path: str, failure: FailedRequests | None, limit: _Limit) -> Claim:
    evidence, size = view.evidence, limit.size
    words = str(size), str(raised_limit(size))
    return Claim(
        about=Subject(port=evidence.target.port, path=path),
        because=(
            *([failure] if failure else []),
            *([view.config] if view.config else []),
            view.server,
        ),
        confidence=Confidence.LIKELY,
        # How much visitors may send is a decision, unless a person asks about it or pages of the
        # site meet the limit.
        severity=limit_severity(evidence, failure),
        facts={
            **view.facts,
            "url": evidence.target.origin + path,
            "limit": size_text(size),
            "bytes": size,
            "place": place_text(limit.file, limit.number),
            "built_in": limit.is_built_in,
            "logged": failure is not None,
        },
        fix=_written_limit(view, words[1])
        if limit.is_built_in
        else raising_fix(view, limit.file, limit.number, words, "raise"),
    )


def _written_limit(view: ServerView, wanted: str) -> Fix:
    """Return the fix that writes a limit into the virtual host. A line in another file may be for
    this path: then a person looks."""
    files, site = view.config.files if view.config else (), next(iter(view.answering_sites), None)
    is_written = any("limitrequestbody" in file.text.lower() for file in files)
    lines = (f"LimitRequestBody {wanted}",)
    edit = added_lines(view, site, lines) if site is not None and not is_written else None
    if edit is None:
        return manual_fix(view, "write")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _has_built_in(version: str) -> bool:
    match = re.match(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})", version)
    return bool(match) and tuple(map(int, match.groups() if match else ())) >= _SINCE


def _limits(view: ServerView, site: WebSite, path: str) -> Iterator[tuple[int, int, str, int]]:
    """Yield the limits for a path that stand in a virtual host: the order of their section, the
    number of the line, the file, and the bytes."""
    for line in lines_for(view, site, path):
        if match := _LIMIT.match(line.text):
            yield line.order, line.number, site.file, int(match[1])
