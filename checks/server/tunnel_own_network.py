"""Visitors come through a tunnel of Cloudflare's. Its client (cloudflared) runs in a container, and
its rule leads to `localhost`: in the container that is the container itself, where nothing listens
("dial tcp 127.0.0.1:5244: connect: connection refused").

The sockets of its network are listed, and the rule is the one that the site's name gets, so it is
certain that the client reaches nobody.
"""

from collections.abc import Iterator

from checks.listener._compose_edits import compose_fix, host_network_change
from checks.server._tunnel_edits import pages_of_cloudflare, rule_facts
from checks.upstream._containers import NAMELESS
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.containers import CONTAINER_PROCESSES, Containers
from diagnose.model.http import Exchange
from diagnose.model.processes import TunnelRule
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.tunnel_rules import IngressRule


@check(
    severity=Severity.ERROR,
    needs=[TunnelRule, Exchange],
    explains=[
        "http.server-error", "http.not-the-site", "http.cdn-error", "http.page-refused",
        "http.error-in-front",
        "websocket.not-upgraded", "websocket.not-served", "server.tunnel-target-down",
    ],
)  # fmt: skip
def tunnel_own_network(evidence: Evidence) -> Iterator[Claim]:
    pages = pages_of_cloudflare(evidence)
    if not pages or any(page.failure or page.status != 502 for page in pages):
        return
    for rule in evidence.good(TunnelRule):
        place = IngressRule(rule.service).place
        if place is None or not rule.is_apart or rule.status is not None:
            continue
        scheme, host, port = place
        is_own = host == "localhost" or is_loopback(host)
        if not is_own or port in rule.ports:
            continue
        sockets = [each for listing in evidence.good(Listeners) for each in listing.on(port)]
        yield _claim(evidence, rule, sockets, pages, f"{scheme}://", port)
        return


def _claim(
    evidence: Evidence,
    rule: TunnelRule,
    sockets: list[Listener],
    pages: list[Exchange],
    scheme: str,
    port: int,
) -> Claim:
    target = evidence.target
    path = target.path_without_query
    program = next((socket.process for socket in sockets if socket.process), "") or ""
    is_published = program in CONTAINER_PROCESSES
    return Claim(
        about=Subject(port=target.port, path=path),
        covers=(Subject(port=target.port, path=path), Subject(port=target.port)),
        because=(rule, *evidence.good(Listeners), *pages),
        confidence=Confidence.CERTAIN,
        facts={
            **rule_facts(rule),
            "port": port,
            "scheme": scheme,
            "host": target.host,
            "published": is_published,
            "server_program": "" if is_published else program,
            "server_only": bool(sockets) and all(is_loopback(socket.address) for socket in sockets),
        },
        fix=_fix(evidence, rule, is_served=bool(sockets)),
    )


def _fix(evidence: Evidence, rule: TunnelRule, *, is_served: bool) -> Fix:
    """Give the client the server's network, if something has the port there, and no container is
    in the client's networks, whose name another rule may have."""
    for containers in evidence.good(Containers) if is_served else ():
        for own in containers.running:
            networks = {*own.networks} - NAMELESS
            is_alone = not any(
                networks & {*other.networks} for other in containers.running if other is not own
            )
            is_it = bool(rule.container) and own.id.startswith(rule.container)
            if is_it and is_alone and not any(port.port for port in own.ports):
                return compose_fix(evidence, "lead-out", (own, host_network_change))
    return compose_fix(evidence, "lead-out")
