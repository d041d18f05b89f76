"""The NAT rules of a container engine are gone, so its published port is lost.

The engine writes these rules when the container starts. A reload or flush of the firewall removes
them, and the engine does not notice (docs.docker.com, "Packet filtering and firewalls";
podman-network-reload(1)).

docker-proxy still listens, and what reaches it still works, but the firewall was never opened for
the server itself. conmon only reserves the port.
"""

from collections.abc import Iterator

from checks.firewall import EXPLAINS
from checks.firewall._firewalld import firewalld_view
from checks.firewall._nat import dnat_targets
from checks.firewall._netfilter import netfilter_view
from checks.firewall._visitors import external_connections
from checks.listener import listeners_on
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
    commands,
    endpoints,
)
from diagnose.model.addresses import is_loopback
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
class _PublishedPort:
    """A port that a container engine publishes, known from the process that holds it or from the
    engine's own list."""

    engine: str
    process: str = ""
    container: str = ""


@check(severity=Severity.ERROR, needs=[Ruleset, Listeners], explains=_EXPLAINS)
def container_rules_lost(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    published = _published_port(evidence, port)
    if published is None or not evidence.good(Ruleset) or dnat_targets(evidence, port):
        return
    if external_connections(evidence, port):
        return
    is_refused = _is_refused(evidence, port)
    # docker-proxy forwards what it receives.
    if published.process == "docker-proxy" and not is_refused:
        return
    addresses = tuple(address for address, _ in netfilter_view(evidence).packets(port))
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
                "engine": published.engine.capitalize(),
                "process": published.process,
                "container": published.container,
            },
            fix=Fix((_restart_command(evidence, published.engine),)),
        )


def _published_port(evidence: Evidence, port: int) -> _PublishedPort | None:
    """Return what publishes the port to visitors. A port that is published on the loopback address
    alone has no rule for them."""
    listeners = listeners_on(evidence, port)
    if listeners and all(is_loopback(listener.address) for listener in listeners):
        return None
    processes = {listener.process for listener in listeners}
    engine_and_name = next(
        (
            (container.engine, container.name)
            for containers in evidence.good(Containers)
            for container in containers.running
            if "host" not in container.networks
            and any(
                port_mapping.port == port and not is_loopback(port_mapping.address)
                for port_mapping in container.ports
            )
        ),
        ("", ""),
    )
    if processes == {"docker-proxy"}:
        return _PublishedPort("docker", "docker-proxy", engine_and_name[1])
    if processes == {"conmon"}:
        return _PublishedPort("podman", "conmon", engine_and_name[1])
    if not processes and engine_and_name[0] and evidence.good(Listeners):
        return _PublishedPort(*engine_and_name[:1], "", engine_and_name[1])
    return None


def _is_refused(evidence: Evidence, port: int) -> bool:
    """Return whether the firewall blocks strangers from the program that listens on the server
    itself."""
    outcomes = firewalld_view(evidence).outcomes(port)
    blockages = netfilter_view(evidence).blockages(port)
    return any(not outcome.runtime.admits for outcome in outcomes) or bool(blockages)


def _restart_command(evidence: Evidence, engine: str) -> Command:
    if engine == "podman":
        return commands.reload_podman_networks()
    uses_systemd = any(
        host.role == "server" and host.manager == "systemd" for host in evidence.good(Host)
    )
    if uses_systemd:
        return commands.restart_service("docker")
    return commands.restart_sysv_service("docker")
