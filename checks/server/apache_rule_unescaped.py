"""A rewrite rule writes a part of the path into the query as it is, and Apache refuses its own
result: AH10410 or AH10411, "Rewritten query string contains control characters or spaces"
(mod_rewrite, from 2.4.56). So addresses with a blank ("%20") get 403, and all others are served.
"""

from collections.abc import Iterator

from checks.server import ServerView, line_edit, manual_fix, place_text, reload_steps, server_view
from checks.server._apache_sections import lines_for
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.error_log import BLANK_IN_QUERY
from diagnose.parsers.apache.unescaped_rules import UnescapedRule, unescaped_rule
from diagnose.parsers.nginx.edits import diff


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, ServerRequestError, Exchange],
    explains=["server.request-logged", "server.own-answer", "http.answer-says-why"],
)
def apache_rule_unescaped(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    errors = [e for e in evidence.good(ServerRequestError) if e.code in BLANK_IN_QUERY]
    pages = [page for page in page_exchanges(evidence) if page.status == 403]
    if view is None or not errors or not pages or view.server.product != "apache":
        return
    error, path = errors[0], target.path_without_query
    rule_and_file = _rule_and_file(view, error, path)
    subject = Subject(port=target.port, path=path)
    rule, file = rule_and_file or (None, "")
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(error, view.server, *pages),
        confidence=Confidence.CERTAIN if rule else Confidence.LIKELY,
        facts={
            **view.facts,
            "path": path,
            "message": error.message,
            "log": error.log,
            "rule": rule.line.strip() if rule else "",
            "place": place_text(file, rule.number) if rule else "",
            "corrected": rule.corrected.strip() if rule else "",
        },
        fix=_fix(view, error, rule, file),
    )


def _rule_and_file(
    view: ServerView, error: ServerRequestError, path: str
) -> tuple[UnescapedRule, str] | None:
    """Return the rule and its file: of the virtual host, or else of the site's .htaccess."""
    for site in view.answering_sites[:1]:
        lines = ((line.number, line.text, line.order == 1) for line in lines_for(view, site, path))
        if rule := unescaped_rule(lines, path):
            return rule, site.file
    if error.rules is None:
        return None
    rows = error.rules.text.split("\n")
    own = unescaped_rule(((number, row, True) for number, row in enumerate(rows, 1)), path)
    return (own, error.rules.path) if own else None


def _fix(view: ServerView, error: ServerRequestError, rule: UnescapedRule | None, file: str) -> Fix:
    """Write the line with the flag. An .htaccess counts at once."""
    if rule and error.rules and file == error.rules.path:
        rows = error.rules.text.split("\n")
        rows[rule.number - 1] = rule.corrected
        text = diff(file, error.rules.text, "\n".join(rows))
        if text:
            return Fix((Edit(file, text),), Applicability.REVIEW)
    edit = line_edit(view, file, {rule.number: (rule.corrected,)}) if rule else None
    if edit:
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    return manual_fix(view, "escape-it")
