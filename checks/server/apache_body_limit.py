"""Apache refuses an upload by its own limit (413; core, "LimitRequestBody"): the access log has the
request, and a line of the site's file sets the limit for its path. Where none does, it is 1 GiB
since 2.4.54, and no limit before.

Requests that mod_proxy passes on by http:// are not counted by Apache.
"""

import re
from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures
from checks.server import ServerView, manual_fix, place_text, server_on_port
from checks.server._apache_sections import lines_for
from checks.server._backend_answers import route_to_application
from checks.server._body_limits import limit_severity, raised_limit, raising_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.nginx.proxy_headers import size_text

#: The built-in limit in bytes, and the first version that has it (core, "LimitRequestBody").
_BUILT_IN, _SINCE = 1 << 30, (2, 4, 54)

_LIMIT = re.compile(r"(?i)\s*LimitRequestBody\s+[\"']?(\d{1,15})\b")


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, FailedRequests],
    explains=["server.other-requests-failed"],
)
def apache_body_limit(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    for failure in current_failures(evidence, {413}, "apache"):
        route = route_to_application(view, failure.path)
        if route is not None and route.scheme in {"http", "https"}:
            continue
        limits = [limit for site in view.answering_sites for limit in _limits(view, site, failure)]
        site = next(iter(view.answering_sites), None)
        is_built_in = not limits and site is not None and _has_built_in(view.server.version)
        if is_built_in and site is not None:
            limits = [(0, site.line, site.file, _BUILT_IN)]
        # 0 stands for no limit.
        if not limits or not (limit := max(limits))[3]:
            continue
        _, number, file, size = limit
        yield Claim(
            about=Subject(port=evidence.target.port, path=failure.path),
            because=(failure, view.config, view.server),
            confidence=Confidence.LIKELY,
            # How much visitors may send is a decision, unless a person asks about it or pages of
            # the site meet the limit.
            severity=limit_severity(evidence, failure),
            facts={
                **view.facts,
                "url": evidence.target.origin + failure.path,
                "limit": size_text(size),
                "bytes": size,
                "place": place_text(file, number),
                "built_in": is_built_in,
            },
            fix=manual_fix(view, "write")
            if is_built_in
            else raising_fix(view, file, number, (str(size), str(raised_limit(size))), "raise"),
        )
        return


def _has_built_in(version: str) -> bool:
    match = re.match(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})", version)
    return bool(match) and tuple(map(int, match.groups() if match else ())) >= _SINCE


def _limits(
    view: ServerView, site: WebSite, failure: FailedRequests
) -> Iterator[tuple[int, int, str, int]]:
    """Yield the limits for a request that stand in a virtual host: the order of their section, the
    number of the line, the file, and the bytes."""
    for line in lines_for(view, site, failure.path):
        if match := _LIMIT.match(line.text):
            yield line.order, line.number, site.file, int(match[1])
