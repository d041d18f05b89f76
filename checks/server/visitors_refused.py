"""A rule of Apache's refuses what pages of the site send, by the access log, or a file that its
page loads: a rule for a method (`<LimitExcept GET>`), RewriteRule [F], also one about Referer,
`Require local`. A GET of this run may be answered all the same: the rule is evaluated for the
request that a browser sends from the page.

A rule about the visitor's address may be meant: it is a note.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx._failed_requests import unopened_failures
from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._near_routes import is_passed_on
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
from diagnose.model.frozen import frozen
from diagnose.model.logs import FailedRequests
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.config import Directive, parse
from diagnose.parsers.apache.refusing_rules import HostRules, refusing_rules
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.web_sites import route_of

_REFUSALS = {403, 404, 410}
#: The setting that refuses paths with %2F.
_SLASHES = "AllowEncodedSlashes"
#: Sections that hold others, whatever the request is.
_WRAPPERS = {"ifmodule", "ifdefine", "ifversion"}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.other-requests-failed", "server.rule-refuses", "http.page-file-missing",
        "server.apache-path-decoded",
    ],
)  # fmt: skip
def visitors_refused(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.server.product != "apache" or len(view.answering_sites) != 1:
        return
    groups: dict[tuple[str, int], tuple[AnsweringRule, list[_Refused]]] = {}
    for file in _page_files.refused_files(evidence):
        refused = _Refused("GET", file.path, file.response.status or 0, (file.page, file.response))
        rule = _rule_for(view, refused) if refused.status in _REFUSALS else None
        if rule is not None and not rule.questions:
            groups.setdefault((rule.file, rule.line), (rule, []))[1].append(refused)
    current = unopened_failures(evidence, "apache")
    for failure in evidence.good(FailedRequests):
        if failure.server == "apache" and failure.status in _REFUSALS and failure.is_from_page:
            refused = _Refused(failure.method, failure.path, failure.status, (failure,))
            rule = _rule_for(view, refused)
            # What this run gets all the same, a rule of addresses refuses to others.
            if rule is not None and (rule.questions or failure in current):
                groups.setdefault((rule.file, rule.line), (rule, []))[1].append(refused)
    for rule, failures in groups.values():
        yield _claim(view, rule, failures)


@frozen(eq=False)
class _Refused:
    """A request that a page of the site sends, the status that it gets, and what shows it."""

    method: str
    path: str
    status: int
    because: tuple[Observation, ...]


def _rule_for(view: ServerView, failure: _Refused) -> AnsweringRule | None:
    """Return the first rule of the virtual host that refuses the request with this status: one for
    certain, or for some addresses. Only what an application would answer is evaluated: the sections
    of folders may stand in other files."""
    target, (site,) = view.evidence.target, view.answering_sites
    route = route_of(site, failure.path, websocket=False)
    file = view.config.file(site.file) if view.config else None
    is_answered = route.target not in {"", "!"} if route else is_passed_on(site, failure.path)
    if not is_answered or file is None:
        return None
    hosts = _virtual_hosts(parse(file.text, site.file))
    block = next((host.block for host in hosts if host.line == site.line and host.block), ())
    request = ServerRequest(
        failure.path,
        "",
        target.host,
        target.port,
        target.uses_tls,
        failure.method,
        referer=f"{target.origin}/",
    )
    rule = next(iter(refusing_rules(HostRules(tuple(block)), request)), None)
    if rule is None or rule.status != failure.status or not set(rule.questions) <= {"address"}:
        return None
    return rule


def _virtual_hosts(directives: tuple[Directive, ...], depth: int = 0) -> Iterator[Directive]:
    for directive in directives:
        if directive.name == "virtualhost":
            yield directive
        elif directive.name in _WRAPPERS and depth < 5:
            yield from _virtual_hosts(tuple(directive.block or ()), depth + 1)


def _claim(view: ServerView, rule: AnsweringRule, failures: list[_Refused]) -> Claim:
    port = view.evidence.target.port
    paths = tuple(dict.fromkeys(failure.path for failure in failures))
    because = [observation for failure in failures for observation in failure.because]
    is_of_addresses = bool(rule.questions)
    return Claim(
        about=Subject(port=port, path=paths[0]),
        covers=tuple(Subject(port=port, path=path) for path in paths),
        because=(view.server, *([view.config] if view.config else []), *because),
        confidence=Confidence.LIKELY if is_of_addresses else Confidence.CERTAIN,
        severity=Severity.NOTE if is_of_addresses else None,
        facts={
            **view.facts,
            "path": paths[0],
            "method": failures[0].method,
            "status": rule.status,
            "rule": rule.rule,
            "condition": rule.condition,
            "place": place_text(rule.file, rule.line),
            "address": is_of_addresses,
            "slash": rule.rule.startswith(_SLASHES),
            "log": any(isinstance(each, FailedRequests) for each in failures[0].because),
        },
        fix=_fix(view, rule),
    )


def _fix(view: ServerView, rule: AnsweringRule) -> Fix:
    if rule.rule.startswith(_SLASHES):
        # Imported late: few paths have an encoded slash.
        from checks.server._encoded_slashes import encoded_slash_edit

        edit = encoded_slash_edit(view, rule)
        if edit is not None:
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    return manual_fix(view, "change-the-rule")
