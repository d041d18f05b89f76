"""Apache's rewrite rules turn a path into one that they rewrite again, until Apache gives up:
AH00124, "Request exceeded the limit of 10 internal redirects" (httpd, "LimitInternalRecursion"). Or
the page of FallbackResource is not there, and the same fallback is for that, too (mod_dir):
AH00125, "… 10 subrequest nesting levels".
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    manual_fix,
    place_text,
    reload_steps,
    server_view,
)
from checks.server._fallback_lines import WrongFallback, only_fallback
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
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import WebServer
from diagnose.parsers.apache.folder_rules import moved_lines, script_rule
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
    fallback = only_fallback(view, view.answering_sites) if "subrequest" in error.message else None
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
            "fallback": fallback.page if fallback else "",
            "fallback_place": fallback.place if fallback else "",
            "file": f"{root.rstrip('/')}/.htaccess" if root else "",
            "rule": clean(" ".join(("RewriteRule", *circling.rule.args)), 300) if circling else "",
            "place": place_text(circling.rule.file, circling.rule.line) if circling else "",
        },
        fix=_with_fallback(view, fallback)
        if fallback
        else _with_base(error, base)
        if base
        else _fix(error, circling),
    )


def _with_fallback(view: ServerView, fallback: WrongFallback) -> Fix:
    """Name the page at the root of the site, if the line names one in a folder: the path is one of
    the URL, and a guide's may be one of the disk."""
    if fallback.edit is None:
        return manual_fix(view, "name-the-page")
    return Fix((fallback.edit, *reload_steps(view.server)), Applicability.REVIEW)


def _with_base(error: ServerRequestError, base: re.Match[str]) -> Fix:
    """Write the base of the site's own folder. An .htaccess counts at once."""
    assert error.rules is not None
    text = error.rules.text
    mended = f"{text[: base.start(2)]}/{text[base.end(2) :]}"
    to_script = script_rule(text, error.rules.path, "/")
    if to_script and (changes := moved_lines(to_script, text, "/")):
        # The substitution may have the folder, too.
        lines = enumerate(text.split("\n"), 1)
        mended = "\n".join(changes.get(number, line) for number, line in lines)
    edit = diff(error.rules.path, text, mended)
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
