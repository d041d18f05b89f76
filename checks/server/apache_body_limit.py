"""Apache refuses an upload by its own limit (413; core, "LimitRequestBody"): the access log has the
request, or a person asks about 413, and a line sets the limit for its path: in the site's file, in
another file of the configuration, or in the .htaccess of a folder on the way. Where none does, it
is 1 GiB since 2.4.54, and no limit before: nobody means that one by a small file.

Requests that mod_proxy passes on by http:// are not counted by Apache.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.nginx._failed_requests import current_failures
from checks.server import (
    ServerView,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_overrides import added_lines
from checks.server._backend_answers import route_to_application
from checks.server._body_limits import ENOUGH, limit_severity, raised_limit, raising_fix
from checks.upstream._responses import asks_about_size, may_be_reported_limit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.body_limits import BodyLimit, body_limit
from diagnose.parsers.nginx.proxy_headers import size_text
from diagnose.parsers.reported_sizes import reported_size

#: The built-in limit in bytes, and the first version that has it (core, "LimitRequestBody").
_BUILT_IN, _SINCE = 1 << 30, (2, 4, 54)


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
    path = evidence.target.path_without_query
    asked = _limit(view, path) if asks_about_size(evidence) else None
    if (
        asked
        and not _is_built_in(view, asked)
        and may_be_reported_limit(evidence, asked.size, ENOUGH)
    ):
        yield _claim(view, path, None, asked)


def _limit(view: ServerView, path: str) -> BodyLimit | None:
    """Return the limit for the requests of a path; None without one, and for what mod_proxy passes
    on by http://, which is not counted. That of the site if it is built in."""
    route, config = route_to_application(view, path), view.config
    if config is None or (route is not None and route.scheme in {"http", "https"}):
        return None
    limits = [limit for site in view.answering_sites if (limit := body_limit(config, site, path))]
    site = next(iter(view.answering_sites), None)
    if limits:
        # 0 stands for no limit.
        return limits[0] if limits[0].size else None
    if site is None or not _has_built_in(view.server.version) or not _may_be_built_in(view, path):
        return None
    return BodyLimit((0, 0, 0), _BUILT_IN, site.file, site.line)


def _may_be_built_in(view: ServerView, path: str) -> bool:
    """Return whether the limit of the program itself may be the one that was met: no .htaccess that
    was not read may have another one, and the message names no smaller size."""
    own = view.evidence.target.path_without_query
    sites = view.answering_sites
    reads = [site.reads_htaccess for site in sites]
    reads += [alias.reads_htaccess for site in sites for alias in site.aliases]
    is_known = path == own or not any(reads)
    symptom = view.evidence.target.symptom
    return is_known and not (symptom and 0 < reported_size(symptom.text) < _BUILT_IN)


def _claim(view: ServerView, path: str, failure: FailedRequests | None, limit: BodyLimit) -> Claim:
    evidence, size = view.evidence, limit.size
    words, is_built_in = (str(size), str(raised_limit(size))), _is_built_in(view, limit)
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
            "place": place_text(limit.file, limit.line),
            "built_in": is_built_in,
            "logged": failure is not None,
        },
        fix=_written_limit(view, words[1]) if is_built_in else _raised_limit(view, limit, words),
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


def _raised_limit(view: ServerView, limit: BodyLimit, words: Sequence[str]) -> Fix:
    """Return the fix that raises the limit at its line; an .htaccess is read for each request."""
    fix = raising_fix(view, limit.file, limit.line, words, "raise")
    is_edit = isinstance(fix.steps[0], Edit)
    return replace(fix, steps=fix.steps[:1]) if limit.is_of_folder and is_edit else fix


def _is_built_in(view: ServerView, limit: BodyLimit) -> bool:
    """Return whether the limit is the program's own: its place is that of a virtual host."""
    sites = view.answering_sites
    return any((site.file, site.line) == (limit.file, limit.line) for site in sites)


def _has_built_in(version: str) -> bool:
    match = re.match(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})", version)
    return bool(match) and tuple(map(int, match.groups() if match else ())) >= _SINCE
