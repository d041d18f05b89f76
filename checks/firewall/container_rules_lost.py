"""A container engine publishes a port by rules of NAT, which it writes when the container starts.
Whoever reloads or flushes the firewall takes them away, and the engine does not notice
(docs.docker.com, "Packet filtering and firewalls"; podman-network-reload(1)).

docker-proxy goes on listening, and what reaches it still works; but the port was never opened to
the server itself. conmon only keeps the port from others.
"""

from collections.abc import Iterator

from checks.firewall import EXPLAINS
from checks.firewall._firewalld import rules_of, through_the_network
from checks.firewall._nat import led
from checks.firewall._netfilter import seen_of
from checks.listener import sockets
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Host,
    Severity,
    Subject,
    endpoints,
)
from diagnose.model.containers import Containers
from diagnose.model.frozen import frozen
from diagnose.model.netfilter import Ruleset
from diagnose.model.server import Listeners

_EXPLAINS = (
    *EXPLAINS,
    "firewall.port-closed",
    "firewall.wrong-zone",
    "firewall.source-zone",
    "firewall.not-reloaded",
    "firewall.ruleset-blocks",
    "firewall.ufw-port-closed",
    "listener.missing",
    "listener.container-unpublished",
    "tls.*",
)


@frozen
class _Publishing:
    """Which engine publishes the port: by a process that holds it, or by the engine's own list."""

    engine: str
    process: str = ""
    container: str = ""


@check(severity=Severity.ERROR, needs=[Ruleset, Listeners], explains=_EXPLAINS)
def container_rules_lost(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    publishing = _publishing(evidence, port)
    if publishing is None or not evidence.good(Ruleset) or led(evidence, port):
        return
    if through_the_network(evidence, port):
        return
    refused = _refused(evidence, port)
    # What docker-proxy gets, it passes on.
    if publishing.process == "docker-proxy" and not refused:
        return
    addresses = tuple(one for one, _ in seen_of(evidence).packets(port))
    if addresses:
        yield Claim(
            about=Subject(port=port),
            covers=(*endpoints(addresses, port), *endpoints(addresses, 80)),
            because=(
                *evidence.good(Ruleset),
                *evidence.good(Listeners),
                *evidence.good(Containers),
            ),
            confidence=Confidence.CERTAIN,
            facts={
                "port": f"{port}/tcp",
                "engine": publishing.engine.capitalize(),
                "process": publishing.process,
                "container": publishing.container,
            },
            fix=Fix((_again(evidence, publishing.engine),)),
        )


def _publishing(evidence: Evidence, port: int) -> _Publishing | None:
    there = {one.process for one in sockets(evidence, port)}
    container = next(
        (
            (one.engine, one.name)
            for seen in evidence.good(Containers)
            for one in seen.containers
            if "host" not in one.networks and any(led.port == port for led in one.ports)
        ),
        ("", ""),
    )
    if there == {"docker-proxy"}:
        return _Publishing("docker", "docker-proxy", container[1])
    if there == {"conmon"}:
        return _Publishing("podman", "conmon", container[1])
    if not there and container[0] and evidence.good(Listeners):
        return _Publishing(*container[:1], "", container[1])
    return None


def _refused(evidence: Evidence, port: int) -> bool:
    """Whether strangers do not reach what listens on the server itself."""
    fates = rules_of(evidence).fates(port)
    stopped = seen_of(evidence).stopped(port)
    return any(not fate.now.admits for fate in fates) or bool(stopped)


def _again(evidence: Evidence, engine: str) -> Command:
    if engine == "podman":
        return Command(("podman", "network", "reload", "--all"))
    systemd = any(one.role == "server" and one.manager == "systemd" for one in evidence.good(Host))
    return Command(
        ("systemctl", "restart", "docker") if systemd else ("service", "docker", "restart")
    )
