"""A redirect of HAProxy answers a path for which the same frontend has a rule of its own, such as
that for challenges of Let's Encrypt, and where the redirect leads the page is missing. HAProxy
redirects before it chooses a backend, in whatever order the lines stand (Configuration Manual,
"use_backend"). `unless { ssl_fc } acme` spares only what is both.
"""

from collections.abc import Iterator

from checks.server import manual_fix, reload_steps
from checks.server._haproxy import (
    HaproxyView,
    haproxy_view,
    place,
    redirected_targets,
    replace,
)
from checks.server._haproxy_conditions import except_for, path_literal
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.view import EarlyRedirect, early_redirect


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.redirect-to-error",
        "http.acme-challenge-answered",
        "http.acme-challenge-blocked",
        "http.answer-says-why",
        "server.own-answer",
        "server.application-answers",
    ],
)
def haproxy_redirect_first(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    haproxy = haproxy_view(evidence)
    early = early_redirect(haproxy.proxies, target, target.path) if haproxy else None
    if haproxy is None or early is None:
        return
    for redirected, pages in redirected_targets(evidence):
        there = haproxy_view(evidence, target=redirected)
        # The redirect leads to a rule for the path as well: what is missing, its backend lacks.
        if there and (
            there.proxies.is_chosen_by_path or there.proxies.backend_name == early.backend
        ):
            continue
        path = target.path.partition("?")[0]
        own = Subject(port=target.port, path=path)
        yield Claim(
            about=own,
            covers=(own, Subject(port=target.port)),
            because=(*pages, haproxy.view.server),
            # Whether the rule is still wanted, only its owner knows.
            confidence=Confidence.LIKELY,
            facts={
                **haproxy.view.facts,
                "path": path,
                "place": place(early.redirect),
                "rule_place": place(early.rule),
                "backend": early.backend,
                "status": pages[0].status or "",
                "url": pages[0].url,
            },
            fix=_fix(haproxy, early),
        )
        return


def _fix(haproxy: HaproxyView, early: EarlyRedirect) -> Fix:
    literal = path_literal(early.rule, haproxy.proxies.frontend, early.redirect)
    text = except_for(early.redirect, literal) if literal else ""
    edit = replace(haproxy.view, early.redirect, text) if text else None
    if edit is None:
        return manual_fix(haproxy.view, "spare-the-path")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
