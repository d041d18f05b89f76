"""A server behind another one of this machine refuses visitors by the address of that one: Apache's
`Require ip` (mod_authz_host) or HAProxy's `http-request deny` with `src` (Configuration Manual,
section 7.3.3) compare the connection, which comes from the server in front for everybody. The list
holds for visitors when the server takes their address from X-Forwarded-For (mod_remoteip;
"http-request set-src"): the last address of it, which the server in front has added itself.
"""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, reload_steps
from checks.server._address_rules import AddressRule, address_rule
from checks.server._inner_servers import InnerServer, inner_servers
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.page-refused", "http.page-restricted", "server.application-answers",
        "server.own-answer", "upstream.own-answer",
    ],
)  # fmt: skip
def front_address_denied(evidence: Evidence) -> Iterator[Claim]:
    pages = page_exchanges(evidence)
    if not pages or any(page.status != 403 for page in pages):
        return
    for inner in inner_servers(evidence):
        rule = address_rule(inner)
        if rule is None:
            continue
        target = evidence.target
        yield Claim(
            about=Subject(port=target.port, path=target.path),
            covers=(Subject(port=target.port), Subject(port=80)),
            because=(inner.view.server, *pages),
            confidence=Confidence.CERTAIN if rule.is_certain else Confidence.LIKELY,
            facts={
                **inner.view.facts,
                "url": pages[0].url,
                "front": inner.front,
                "behind": inner.port,
                "rule": rule.text,
                "place": rule.place,
                "sent": inner.sends_visitor,
                "apache": inner.view.server.product == "apache",
                "haproxy": inner.view.server.product == "haproxy",
                "caddy": inner.view.server.product == "caddy",
            },
            fix=_fix(inner, rule),
        )
        return


def _fix(inner: InnerServer, rule: AddressRule) -> Fix:
    view: ServerView = inner.view
    if not rule.steps or not inner.sends_visitor:
        return manual_fix(view, "take-the-address")
    return Fix((*rule.steps, *reload_steps(view.server)), Applicability.REVIEW)
