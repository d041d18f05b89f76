"""HAProxy changes the path of a request before a rule redirects it to https: rules with
`http-request` are evaluated in their order (Configuration Manual, "http-request"), and those with
`redirect` alone after them. So the redirect leads to the changed path, which visitors never ask
for.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
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
    Target,
)
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.conditions import Rule, holds, path_rules_of, rules_of
from diagnose.parsers.haproxy.config import Line, Proxy
from diagnose.parsers.haproxy.path_changes import path_changes
from diagnose.parsers.haproxy.view import situation_of
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import parse_url
from diagnose.parsers.web_sites import changed_path


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    needs_fault=[Exchange],
    explains=[
        "http.redirect-to-error",
        "http.redirect-drops-path",
        "http.redirect-loop",
        "server.own-answer",
        "server.application-answers",
    ],
)
def haproxy_path_changed_before_redirect(evidence: Evidence) -> Iterator[Claim]:
    for page in evidence.good(Exchange):
        if page.purpose not in {"target", "plain"} or not 300 <= (page.status or 0) < 400:
            continue
        url, onward = parse_url(page.url), parse_url(redirect_target(page) or "")
        if url is None or onward is None or url.secure or not onward.secure:
            continue
        path, led = url.path.partition("?")[0], onward.path.partition("?")[0]
        if url.host != onward.host or path == led:
            continue
        target = replace(evidence.target, scheme="http", port=page.port, path=path)
        haproxy = haproxy_view(evidence, path, target=target)
        pair = _pair(haproxy, target, led) if haproxy else None
        ends = _failed(evidence, redirect_target(page) or "")
        if haproxy is None or pair is None or not ends:
            continue
        change, redirect = pair
        edit = _edit(haproxy, change, redirect)
        subject = Subject(port=page.port, path=path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=page.port), Subject(port=evidence.target.port)),
            because=(page, *ends, haproxy.view.server),
            # Whether the path over https is answered was not asked.
            confidence=Confidence.LIKELY,
            facts={
                **haproxy.view.facts,
                "url": page.url,
                "path": path,
                "location": clean(redirect_target(page) or "", 300),
                "wanted": f"https://{onward.authority}{clean(path, 300)}",
                "status": ends[0].status,
                "change": " ".join(change.words[1:2]),
                "place": place(change),
                "redirect_place": place(redirect),
            },
            fix=Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
            if edit
            else manual_fix(haproxy.view, "redirect-first"),
        )
        return


def _failed(evidence: Evidence, onward: str) -> tuple[Exchange, ...]:
    return tuple(
        end
        for end in evidence.good(Exchange)
        if end.purpose == "redirect" and end.url == onward and (end.status or 0) >= 400
    )


def _pair(haproxy: HaproxyView, target: Target, led: str) -> tuple[Line, Line] | None:
    """Return the rule that changes the path to the one to which the redirect led, and the redirect
    to https, both of one section; None if there are no such two."""
    for proxy in filter(None, (haproxy.proxies.frontend, haproxy.proxies.backend)):
        redirect = _redirect(proxy, target, haproxy.proxies.tls)
        if redirect is None:
            continue
        rules = path_rules_of(proxy)
        situation = situation_of(rules, target, haproxy.proxies.tls)
        before = [rule for rule in rules if _is_before(rule.line, redirect.line)]
        made = changed_path(path_changes(before, situation), target.path)
        changing = [rule.line for rule in before if holds(rule, situation, target.path)]
        if made == led and changing:
            return changing[0], redirect.line
    return None


def _redirect(proxy: Proxy, target: Target, tls: bool) -> Rule | None:
    """Return the rule of a section that redirects the request to https with its path."""
    rules = [rule for rule in rules_of(proxy) if rule.line.keyword != "use_backend"]
    situation = situation_of(tuple(rules), target, tls)
    own = (rule for rule in rules if holds(rule, situation, target.path))
    first = next(own, None)
    return first if first is not None and first.line.after("scheme") == "https" else None


def _is_before(change: Line, redirect: Line) -> bool:
    """Return whether a rule that changes the path is evaluated before a redirect of its section."""
    is_last = redirect.keyword == "redirect"
    return is_last or (change.file == redirect.file and change.number < redirect.number)


def _edit(haproxy: HaproxyView, change: Line, redirect: Line) -> Edit | None:
    """Write the redirect above the change. None where its condition has an ACL by name, which must
    stand above it."""
    view, file = haproxy.view, change.file
    texts = [line_text(view, line.file, line.number) for line in (change, redirect)]
    condition = " ".join(redirect.words).partition(" if ")[2].strip()
    if redirect.file != file or not all(texts) or condition not in {"", "!{ ssl_fc }"}:
        return None
    indent = texts[0][: len(texts[0]) - len(texts[0].lstrip())]
    own = texts[1].strip()
    first = own if redirect.keyword == "http-request" else f"http-request {own}"
    changes = {change.number: (f"{indent}{first}", texts[0]), redirect.number: ()}
    return line_edit(view, file, changes)
