"""A redirect of HAProxy answers a path for which the same frontend has a rule of its own, such as
that for challenges of Let's Encrypt, and where the redirect leads the page is missing. HAProxy
redirects before it chooses a backend, in whatever order the lines stand (Configuration Manual,
"use_backend"). `unless { ssl_fc } acme` spares only what is both.

After a message of an ACME client, a challenge of this run shows the same: it is answered behind the
redirect, by another backend.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace as replace_in

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
from diagnose.model.renewal import CHALLENGES
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.view import EarlyRedirect, early_redirect
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import parse_url


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.redirect-to-error",
        "http.acme-challenge-answered",
        "http.acme-challenge-blocked",
        "http.answer-says-why",
        "server.acme-challenge-passed",
        "server.own-answer",
        "server.application-answers",
    ],
)
def haproxy_redirect_first(evidence: Evidence) -> Iterator[Claim]:
    own = next(_of_target(evidence), None)
    yield from [own] if own else _of_challenge(evidence)


def _of_target(evidence: Evidence) -> Iterator[Claim]:
    """Make the claim for the redirect that takes the target's path from its own rule."""
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
        path = target.path_without_query
        own = Subject(port=target.port, path=path)
        yield _claim(haproxy, early, pages, path, (own, Subject(port=target.port)))
        return


def _of_challenge(evidence: Evidence) -> Iterator[Claim]:
    """Make the claim for the redirect of port 80 that takes a challenge from its own rule."""
    target, symptom = evidence.target, evidence.target.symptom
    if symptom is None or not symptom.kind.startswith("acme"):
        return
    for answer in evidence.good(Exchange):
        url = parse_url(answer.url)
        if url is None or not url.secure or not url.path.startswith(CHALLENGES):
            continue
        is_end = answer.purpose == "acme" and answer.status not in REDIRECTS
        if url.host != target.host or not (is_end or (answer.status or 0) >= 400):
            continue
        plain = replace_in(target, scheme="http", port=80, path=url.path)
        haproxy = haproxy_view(evidence, target=plain)
        early = early_redirect(haproxy.proxies, plain, url.path) if haproxy else None
        behind = haproxy_view(evidence, target=replace_in(plain, scheme="https", port=url.port))
        if haproxy is None or early is None or behind is None:
            continue
        if behind.proxies.backend_name == early.backend:
            continue
        own = Subject(port=80, path=url.path)
        covers = (own, Subject(port=url.port, path=url.path), Subject(port=80))
        yield _claim(haproxy, early, [answer], url.path, covers)
        return


def _claim(
    haproxy: HaproxyView,
    early: EarlyRedirect,
    pages: Sequence[Exchange],
    path: str,
    covers: tuple[Subject, ...],
) -> Claim:
    return Claim(
        about=covers[0],
        covers=covers,
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


def _fix(haproxy: HaproxyView, early: EarlyRedirect) -> Fix:
    literal = path_literal(early.rule, haproxy.proxies.frontend, early.redirect)
    text = except_for(early.redirect, literal) if literal else ""
    edit = replace(haproxy.view, early.redirect, text) if text else None
    if edit is None:
        return manual_fix(haproxy.view, "spare-the-path")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
