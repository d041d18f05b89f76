"""The container that publishes the port does not run, so nothing on the server listens there.

An engine publishes a container's ports while the container runs (docker-run(1), podman-run(1)). Of
one that has ended or restarts again and again, its list says the state, and its log the reason.
"""

import re
from collections.abc import Iterator

from checks.listener import listeners_on, target_answers, target_connections
from checks.listener._compose_edits import (
    SERVER_NAMES,
    ComposeEdit,
    compose_steps,
    host_change,
    network_change,
)
from checks.listener._containers import (
    has_failed,
    is_called,
    start_fix,
    stopped_by_name,
    stopped_facts,
)
from checks.listener._missing_mounts import missing_change, missing_facts
from checks.listener._missing_networks import missing_network, network_fix
from checks.listener._refused_mounts import mount_facts, refused_mount_fix
from checks.listener._restart_policies import lasting_start_fix, restart_facts
from checks.listener._start_refusals import (
    PortHolder,
    port_holder,
    refusal_facts,
    refusal_fix,
)
from checks.nginx import Nginx
from checks.server._port_holders import holder_has_site, is_of_holder, site_pages
from checks.upstream._containers import NAMELESS
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
    commands,
)
from diagnose.model.containers import Container, Containers
from diagnose.model.server import Listeners

#: nginx's message at its start (ngx_http_upstream.c).
_HOST_NOT_FOUND = re.compile(r'host not found in upstream "([^"]+)"')

#: nginx, Apache and HAProxy do not find a certificate or a key at their start.
_MISSING_FILE = re.compile(
    r"(?:cannot load certificate(?: key)? |BIO_new_file\(|SSLCertificate(?:Key)?File: file )"
    r"[\"']([^\"'\n]{1,400})[\"'][^\n]{0,400}(?:No such file|does not exist)"
)

#: The name by which Docker Desktop, and `host-gateway` on Linux, calls the server itself.
_SERVER_NAMES = {"host.docker.internal", "host.containers.internal"}

_MAX_NEIGHBOURS = 6

#: nginx may not read a file (ngx_event_openssl.c, ngx_conf_file.c). Root in a container may be
#: without the right to pass over permissions (`cap_drop: ALL`), or be nobody on the host.
_MAY_NOT_READ = re.compile(
    r'(?:cannot load certificate(?: key)? |BIO_new_file\(|open\(\) (?="[^"\n]{1,400}\.conf"))'
    r'"([^"\n]{1,400})"'
    r"[^\n]{0,400}Permission denied"
)


@check(
    severity=Severity.ERROR,
    needs=[Listeners, Containers],
    explains=[
        "listener.missing",
        "listener.container-unpublished",
        "tcp.refused",
        "http.port-closed",
        "dns.dead-address",
        "dns.dead-ipv6",
        "firewall.port-closed",
        "firewall.wrong-zone",
        "firewall.ufw-port-closed",
        # A file that is left over from before the site moved into the container.
        "nginx.site-not-included",
        "tls.*",
        # A program of the server has the port in its place.
        "certificate.*",
        "http.*",
        "websocket.*",
        "nginx.name-without-certificate",
        "nginx.no-matching-server",
        "server.wrong-site",
        "server.page-missing",
        "server.own-answer",
    ],
)
def container_stopped(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    is_free = not listeners_on(evidence, port) and not target_answers(evidence)
    for containers in evidence.good(Containers):
        publishers = [container for container in containers.stopped if container.publishes(port)]
        if not publishers or any(running.publishes(port) for running in containers.running):
            continue
        if not is_free:
            publishers = [
                container
                for container in publishers
                if _is_kept_out(port_holder(evidence, containers, container), evidence)
            ]
        # nginx on the server itself would have the port.
        elif Nginx.of(evidence).listen_sockets(port):
            return
        if not publishers:
            continue
        # The one that failed last is the first question.
        container = max(
            publishers, key=lambda container: (bool(container.last_words), container.state)
        )
        needed = _needed_container(containers, container)
        unreadable = _MAY_NOT_READ.search(container.last_words) if has_failed(container) else None
        ports = (port, *(number for number in (80,) if container.publishes(number)))
        yield Claim(
            about=Subject(port=port),
            covers=tuple(Subject(port=number) for number in dict.fromkeys(ports)),
            because=(containers, *evidence.good(Listeners), *target_connections(evidence)),
            confidence=_confidence(evidence, container, publishers),
            facts={
                "port": port,
                **stopped_facts(container),
                "unreadable": unreadable[1] if unreadable else "",
                **_reason_facts(containers, container, needed),
                **mount_facts(evidence, container),
                **refusal_facts(evidence, containers, container),
                **restart_facts(evidence, containers, container),
                "missing_network": missing_network(evidence, container),
                "nobody": is_free,
                "needed": needed.name if needed else "",
                "needed_status": needed.status if needed else "",
            },
            ruled_out=("listener.loopback-only",),
            fix=_fix(evidence, containers, container, needed),
        )
        return


def _confidence(
    evidence: Evidence, container: Container, publishers: list[Container]
) -> Confidence:
    """One that is started again and again is meant to run. One that ended may be a left-over, where
    another web server is installed or several containers publish the port."""
    other_server = any(observation.layer == "server" for observation in evidence.observations)
    unclear = len(publishers) > 1 or other_server
    is_wanted = container.state == "restarting"
    return Confidence.LIKELY if unclear and not is_wanted else Confidence.CERTAIN


def _needed_container(containers: Containers, container: Container) -> Container | None:
    """Return the container that nginx asks for in its last message, if that does not run either:
    nginx ends at its start if a name in its configuration has no address."""
    return stopped_by_name(containers, _asked_host(container.last_words))


def _is_kept_out(holder: PortHolder | None, evidence: Evidence) -> bool:
    """Return whether a program of the server has the port that a container was refused, and it
    gives visitors what is not the site's. A page of its own may be the site, whose certificate
    alone is wrong."""
    return bool(
        holder
        and holder.listener
        and is_of_holder(evidence)
        and not holder_has_site(evidence)
        and not site_pages(evidence)
    )


def _reason_facts(
    containers: Containers, container: Container, needed: Container | None
) -> dict[str, object]:
    """Return what its last message lacks: a name, with the containers that it could mean, or a
    file."""
    words = container.last_words if has_failed(container) else ""
    host = "" if needed else _asked_host(words)
    networks = set(container.networks) - NAMELESS
    named = [item for item in containers.running if host and is_called(item, host)]
    early = _started_before(containers, container)
    beside = [item for item in containers.running if networks & set(item.networks)]
    missing = _MISSING_FILE.search(words)
    return {
        "unknown_host": host,
        "too_early": early.name if early else "",
        "service": container.compose.service if early and container.compose else "",
        "awaited_service": early.compose.service if early and early.compose else "",
        "server_name": host in _SERVER_NAMES,
        "apart": named[0].name if named and named[0] not in beside and not early else "",
        "network": next(iter(sorted(networks)), ""),
        "neighbours": tuple(item.name for item in beside[:_MAX_NEIGHBOURS]),
        "missing_file": missing[1] if missing else "",
        **missing_facts(container, missing[1] if missing else ""),
    }


def _started_before(containers: Containers, container: Container) -> Container | None:
    """Return the container of the same compose project that has now the name which this one did
    not find when it was started. docker compose starts services without `depends_on` in any order.
    One that is started again and again would have found the name."""
    host = _asked_host(container.last_words) if has_failed(container) else ""
    networks = set(container.networks) - NAMELESS
    for item in containers.running if host and container.state == "exited" else ():
        if container.compose is None or item.compose is None or not is_called(item, host):
            continue
        shared = set(item.networks) & networks
        if item.compose.project == container.compose.project and (shared or not networks):
            return item
    return None


def _asked_host(words: str) -> str:
    match = _HOST_NOT_FOUND.search(words)
    return (match[1].rpartition(":")[0] or match[1]) if match else ""


def _fix(
    evidence: Evidence, containers: Containers, container: Container, needed: Container | None
) -> Fix:
    if needed is None and _started_before(containers, container) is not None:
        # The name has an address now.
        again = commands.start_container(container.engine, container.name)
        return Fix((again,), Applicability.REVIEW)
    if needed is None:
        change = _compose_change(containers, container)
        steps = compose_steps(evidence, (container, change)) if change else ()
        steps = steps or _connecting_steps(containers, container)
        if steps:
            return Fix(steps, Applicability.REVIEW)
        return (
            network_fix(evidence, container)
            or refused_mount_fix(evidence, container)
            or lasting_start_fix(evidence, containers, container)
            or refusal_fix(evidence, containers, container)
        )
    if has_failed(needed):
        return start_fix(needed)
    start = (
        commands.start_container(container.engine, container.name)
        for container in (needed, container)
    )
    return Fix(tuple(start), Applicability.REVIEW)


def _connecting_steps(containers: Containers, container: Container) -> tuple[Command, ...]:
    """Return the commands that give the container of the asked name the network of the one that
    ended, and start that; () if it is not known."""
    host = _asked_host(container.last_words) if has_failed(container) else ""
    networks = sorted(set(container.networks) - NAMELESS)
    named = [item for item in containers.running if host and is_called(item, host)]
    if len(named) != 1 or not networks or set(networks) & set(named[0].networks):
        return ()
    alias = "" if named[0].name == host else host
    connect = commands.connect_network(container.engine, networks[0], named[0].name, alias)
    is_tried_again = container.state == "restarting"
    start = commands.restart_container if is_tried_again else commands.start_container
    return (connect, start(container.engine, container.name))


def _compose_change(containers: Containers, container: Container) -> ComposeEdit | None:
    """Return the change of the compose file that gives a container what its last message lacks: a
    name for the server, the network of the container that has the name, or the files to which
    certbot's links lead; None if a person has to know it."""
    words = container.last_words if has_failed(container) else ""
    host, missing = _asked_host(words), _MISSING_FILE.search(words)
    if host == SERVER_NAMES.get(container.engine):
        return host_change(host)
    named = [item for item in containers.running if host and is_called(item, host)]
    networks = {name for item in named for name in item.networks} - NAMELESS
    if len(named) == 1 and len(networks) == 1 and not networks & set(container.networks):
        return network_change(container, networks.pop())[1]
    return missing_change(container, missing[1]) if missing else None


def _publishes(container: Container, port: int) -> bool:
    return any(mapping.port == port for mapping in container.ports)
