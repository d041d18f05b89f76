"""Apache's rewrite rules turn a path into one that they rewrite again, until Apache gives up:
AH00124, "Request exceeded the limit of 10 internal redirects" (httpd, "LimitInternalRecursion")."""

import re
from collections.abc import Iterator

from checks.server import indentation, place_text, server_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import ServerRequestError, WebServer
from diagnose.parsers.apache.htaccess import CirclingRule, circling_rule
from diagnose.parsers.nginx.edits import diff
from diagnose.parsers.sanitize import clean

#: A base other than that of the site's own folder, which is "/" (mod_rewrite, "RewriteBase").
_BASE = re.compile(r"(?im)^(\s*RewriteBase\s+[\"']?)(/[\w./-]{1,200}?)([\"']?\s*)$")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, ServerRequestError, Exchange],
    explains=["server.application-answers", "http.server-error"],
)
def apache_rewrite_recursion(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    error = next((e for e in evidence.good(ServerRequestError) if e.reason == "recursion"), None)
    pages = [page for page in page_exchanges(evidence) if page.status == 500]
    if view is None or error is None or not pages or view.server.product != error.product:
        return
    rules = error.rules
    # The .htaccess is that of the site's own folder.
    circling = circling_rule(rules.text, rules.path, "/") if rules else None
    root = next((site.root for site in view.answering_sites if site.root), "")
    is_own = rules is not None and rules.path == f"{root.rstrip('/')}/.htaccess"
    base = _BASE.search(rules.text) if rules and is_own and not circling else None
    yield Claim(
        about=Subject(port=port, path=evidence.target.path),
        covers=(Subject(port=port),),
        because=(error, view.server, *pages),
        facts={
            **view.facts,
            "message": error.message,
            "log": error.log,
            "base": base[2] if base else "",
            "file": f"{root.rstrip('/')}/.htaccess" if root else "",
            "rule": clean(" ".join(("RewriteRule", *circling.rule.args)), 300) if circling else "",
            "place": place_text(circling.rule.file, circling.rule.line) if circling else "",
        },
        fix=_with_base(error, base) if base else _fix(error, circling),
    )


def _with_base(error: ServerRequestError, base: re.Match[str]) -> Fix:
    """Write the base of the site's own folder. An .htaccess counts at once."""
    assert error.rules is not None
    text = error.rules.text
    edit = diff(error.rules.path, text, f"{text[: base.start(2)]}/{text[base.end(2) :]}")
    return Fix((Edit(error.rules.path, edit),), Applicability.REVIEW)


def _fix(error: ServerRequestError, circling: CirclingRule | None) -> Fix:
    """Write the condition that ends the circle before the rule. An .htaccess counts at once."""
    if circling is not None and error.rules is not None:
        lines = error.rules.text.split("\n")
        own = lines[circling.line - 1]
        margin = indentation(own)
        lines.insert(circling.line - 1, f"{margin}{circling.condition}")
        if edit := diff(error.rules.path, error.rules.text, "\n".join(lines)):
            return Fix((Edit(error.rules.path, edit),), Applicability.REVIEW)
    return Fix((Manual("stop-it", Where.SERVER),), Applicability.MANUAL)
