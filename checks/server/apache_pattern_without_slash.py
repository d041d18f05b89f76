"""A RewriteRule of a virtual host never applies: its pattern begins without a slash, as in an
.htaccess, and a path begins with one there (mod_rewrite, "What is matched?").

The rule is named for a path that visitors do not get, which the pattern does not match and would
match with the slash. Where the rule passes on to an application, files in its place count too.
"""

from collections.abc import Iterator

from checks.server import ServerView, line_edit, line_text, place_text, reload_steps, server_on_port
from checks.server._backend_answers import refused_websockets, websocket_paths, websocket_severity
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import error_pages, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.apache.unslashed_rules import UnslashedRule, unslashed_rules
from diagnose.parsers.web_sites import route_of


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.page-for-api", "http.page-file-missing", "http.server-error",
        "server.application-answers", "server.other-requests-failed", "server.own-answer",
        "server.path-not-handled", "server.page-missing", "server.websocket-not-passed",
        "websocket.no-location", "websocket.not-upgraded",
    ],
)  # fmt: skip
def apache_pattern_without_slash(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    for site in view.answering_sites[:1]:
        file = view.config.file(site.file)
        for rule in unslashed_rules(file.text, site.line, site.end) if file else ():
            path, because, severity = _failing_path(view, site, rule)
            if because:
                yield _claim(view, site, rule, path, because, severity)
                return


def _failing_path(
    view: ServerView, site: WebSite, rule: UnslashedRule
) -> tuple[str, tuple[Observation, ...], Severity | None]:
    """Return a path for which the rule is meant and which visitors do not get, what shows it, and
    the severity."""
    evidence = view.evidence
    for path in websocket_paths(evidence):
        refused = refused_websockets(evidence, path)
        if refused and rule.is_for(path.partition("?")[0]):
            return path, tuple(refused), websocket_severity(evidence)
    own = evidence.target.path_without_query
    if rule.is_for(own) and (pages := tuple(error_pages(evidence))):
        return own, pages, None
    # Files answer in the place of the application.
    if rule.is_for(own) and rule.passes_on and not rule.conditional and not route_of(site, own):
        return own, tuple(page_exchanges(evidence)), Severity.WARNING
    for failure in evidence.good(FailedRequests):
        if failure.status in {403, 404, 405} and failure.is_from_page and rule.is_for(failure.path):
            return failure.path, (failure,), Severity.WARNING
    return "", (), None


def _claim(
    view: ServerView,
    site: WebSite,
    rule: UnslashedRule,
    path: str,
    because: tuple[Observation, ...],
    severity: Severity | None,
) -> Claim:
    port = view.evidence.target.port
    edit = line_edit(view, site.file, {rule.number: (rule.corrected,)})
    paths = (path, path.partition("?")[0])
    own_page = view.evidence.target.path_without_query in paths
    return Claim(
        about=Subject(port=port, path=path),
        covers=(
            *(Subject(port=port, path=each) for each in dict.fromkeys(paths)),
            *([Subject(port=port)] if own_page else []),
        ),
        because=(view.server, *([view.config] if view.config else []), *because),
        confidence=Confidence.LIKELY if rule.conditional else Confidence.CERTAIN,
        severity=severity,
        facts={
            **view.facts,
            "path": paths[1],
            "place": place_text(site.file, rule.number),
            "line": line_text(view, site.file, rule.number).strip(),
            "pattern": rule.pattern,
            "meant": rule.meant,
        },
        fix=Fix((*([edit] if edit else []), *reload_steps(view.server)), Applicability.REVIEW),
    )
