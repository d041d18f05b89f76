"""nginx answers 403 or 404 to paths that nobody closed: the last argument of `try_files`, or the
index of the folder, leads to a file whose own location is closed (`deny all`, `return 403`).

An internal redirect chooses a location anew, for the new path, and that one's rules hold
(ngx_http_core_module, "try_files"; ngx_http_index_module). A file such as /index.php or /index.html
is what visitors are to get; a fallback to another name may be closed on purpose.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import logged_errors
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.access_phases import possible_results
from diagnose.parsers.nginx.access_rules import ClientRequest, access_rules
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.server_blocks import Server

#: What follows the path in the last argument of try_files.
_QUERY = re.compile(r"(?:\?|\$is_args).*")
_NO_INDEX = r"directory index of "


@frozen(eq=False)
class ClosedFallback:
    """The directive that leads to another path, that path, and the rule of its location."""

    leading: Directive | None
    path: str
    match: LocationMatch
    rule: Directive


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    explains=["nginx.own-answer", "http.redirect-to-error"],
)
def fallback_closed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    path = evidence.target.path_without_query
    pages = [page for page in page_exchanges(evidence) if _is_nginx_answer(page)]
    if not pages or _is_otherwise(evidence, path):
        return
    server = next((selected.server for selected in nginx.answering_servers()), None)
    closed = _closed_fallback(nginx, server, path, pages[0].status or 0) if server else None
    if closed is None:
        return
    subjects = endpoint_subjects(pages)
    logged = logged_errors(evidence, error_log.REFUSED_BY_RULE, evidence.target.path)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *(line for line, _ in logged[-1:]), *nginx.evidence.good(NginxConfig)[:1]),
        confidence=Confidence.LIKELY,
        location=nginx.location(closed.rule),
        facts={
            "url": pages[0].url,
            "status": pages[0].status,
            "path": path,
            "fallback": closed.path,
            "leading": closed.leading.text if closed.leading else "index index.html",
            "leading_place": file_line(closed.leading) if closed.leading else "",
            "rule": closed.rule.text,
            "place": file_line(closed.rule),
            "location": closed.match.block.text,
        },
        fix=Fix((Manual("decide", Where.SERVER),), Applicability.MANUAL),
    )


def _is_nginx_answer(page: Exchange) -> bool:
    return page.status in {403, 404} and page.method == "GET" and proxy_page(page.body) == "nginx"


def _is_otherwise(evidence: Evidence, path: str) -> bool:
    """Return whether nginx logged another reason: a file that it may not read, or no index."""
    return any(
        logged_errors(evidence, pattern, path) for pattern in (error_log.FILE_DENIED, _NO_INDEX)
    )


def _closed_fallback(nginx: Nginx, server: Server, path: str, status: int) -> ClosedFallback | None:
    """Return the closed location to which this path leads, None if it is closed itself or leads to
    no closed one."""
    match = match_location(server, path)
    if match.redirects or _closing_rules(nginx, server, path, match, status):
        return None
    is_denied = bool(
        logged_errors(nginx.evidence, error_log.REFUSED_BY_RULE, nginx.evidence.target.path)
    )
    for leading, fallback in _fallbacks(match, path, is_denied):
        next_match = match_location(server, fallback)
        rules = _closing_rules(nginx, server, fallback, next_match, status)
        rule = rules[0] if rules else None
        # A rule in an `if` that nobody can compute here may refuse some requests only.
        if rule is not None and None not in rules and next_match.block is not match.block:
            return ClosedFallback(leading, fallback, next_match, rule)
    return None


def _fallbacks(
    match: LocationMatch, path: str, is_denied: bool
) -> Iterator[tuple[Directive | None, str]]:
    """Yield where a path leads inside nginx. The index of a folder leads there only if the file
    exists: then the log has the rule that forbids it (`is_denied`)."""
    try_files = match.directive("try_files")
    arguments = try_files.args if try_files else ()
    if path.endswith("/") and is_denied and (not arguments or "$uri/" in arguments):
        index = match.directive("index")
        for name in index.args if index else ("index.html",):
            if "$" not in name:
                yield index, name if name.startswith("/") else f"{path}{name}"
    last = _QUERY.sub("", arguments[-1]) if arguments else ""
    if try_files and last.startswith("/") and "$" not in last and "." in last.rpartition("/")[2]:
        yield try_files, last


def _closing_rules(
    nginx: Nginx, server: Server, path: str, match: LocationMatch, status: int
) -> list[Directive | None]:
    """Return the rule that refuses this path to all visitors, for each way that the conditions of
    an `if` leave open: None for a way that is not refused. [] if none is."""
    target = nginx.evidence.target
    scheme = "https" if target.uses_tls else "http"
    request = ClientRequest("", target.host, path, scheme, target.port)
    results = possible_results(server, request)
    decided = [
        result.decided_by if (result.verdict, result.status) == ("denied", status) else None
        for result in results
    ]
    if any(decided):
        return decided
    rules = access_rules(match) if status == 403 else ()
    is_closed = rules and (rules[0].name, rules[0].args[:1]) == ("deny", ("all",))
    is_any = (satisfy := match.directive("satisfy")) and satisfy.args[:1] == ("any",)
    return [rules[0]] if is_closed and not is_any else []
