"""A server behind another one, of this machine or of another (a load balancer), refuses visitors by
the address of that one: Apache's
`Require ip` (mod_authz_host) or HAProxy's `http-request deny` with `src` (Configuration Manual,
section 7.3.3) compare the connection, which comes from the server in front for everybody. The list
holds for visitors when the server takes their address from X-Forwarded-For (mod_remoteip;
"http-request set-src"): the last address of it, which the server in front has added itself.
"""

from collections.abc import Iterator, Sequence

from checks.http import _fronts, addresses
from checks.server import ServerView, manual_fix, reload_steps
from checks.server._address_rules import AddressRule, address_rule
from checks.server._inner_servers import LOOPBACK, InnerServer, inner_servers
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
from diagnose.model.http import Exchange, page_exchanges
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
    for inner in (*inner_servers(evidence), *_behind_machines(evidence, pages)):
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
                "address": inner.address,
                "remote": inner.address != LOOPBACK,
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


def _behind_machines(evidence: Evidence, pages: Sequence[Exchange]) -> Iterator[InnerServer]:
    """Yield the servers that get the page from another machine, at the name's address: where TLS
    ends there, it is asked on port 80. What is well without that machine is refused by it."""
    own = _fronts.local_answer(evidence, "page") or _fronts.local_answer(evidence, "forwarded")
    machines = _fronts.fronts(evidence, addresses(pages))
    if own is not None and (own.status or 403) != 403:
        return
    for server in evidence.good(WebServer) if machines else ():
        port = next((port for port in (evidence.target.port, 80) if port in server.ports), None)
        configs = evidence.good(WebServerConfig)
        config = next((each for each in configs if each.product == server.product), None)
        if server.foreign or server.container or config is None or port is None:
            continue
        view, machine = ServerView(evidence, server, config, None), machines[0]
        name = machine.product or machine.address
        yield InnerServer(view, name, port, True, machine.address)


def _fix(inner: InnerServer, rule: AddressRule) -> Fix:
    view: ServerView = inner.view
    if not rule.steps or not inner.sends_visitor:
        return manual_fix(view, "take-the-address")
    return Fix((*rule.steps, *reload_steps(view.server)), Applicability.REVIEW)
