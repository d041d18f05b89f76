"""A container listens on the port, and its engine does not publish it.

A container has a network of its own. Visitors reach a program in it only if the engine publishes
the port, to the same number that the program listens on (docker-run(1), podman-run(1), --publish;
EXPOSE alone publishes nothing).

If only a network namespace with a listener was observed and no engine, the claim is only likely.
"""

from collections.abc import Iterator

from checks.firewall import CLOSED_PORT
from checks.firewall._nat import dnat_targets
from checks.firewall._visitors import target_addresses
from checks.listener import listeners_on, target_answers, target_connections
from checks.listener._compose_edits import compose_fix, new_port_change, published_change
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Step,
    Subject,
)
from diagnose.model.containers import (
    CONTAINER_PROCESSES,
    Container,
    ContainerPort,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.frozen import frozen
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerConfig

#: Ports of web servers without root on which they mostly speak TLS.
_TLS_PORTS = {4443, 8443, 9443, 10443}

_EXPLAINS = (
    "listener.missing",
    "tcp.refused",
    "http.port-closed",
    "dns.dead-address",
    "dns.dead-ipv6",
    # An engine lets in what it publishes, whatever the firewall of the server has open.
    *CLOSED_PORT,
)


@check(severity=Severity.ERROR, needs=[Listeners, Containers], explains=(*_EXPLAINS, "tls.*"))
def container_unpublished(evidence: Evidence) -> Iterator[Claim]:
    port = evidence.target.port
    if not evidence.good(Listeners):
        return
    # NAT rules publish a port as well as an engine does, whether the engine or an administrator
    # wrote them.
    published = bool(dnat_targets(evidence, port))
    listeners = listeners_on(evidence, port)
    for containers in evidence.good(Containers):
        if listeners and all(
            (listener.process or "") in CONTAINER_PROCESSES for listener in listeners
        ):
            yield from _unserved_claims(evidence, containers)
        elif not (
            listeners
            or published
            or target_answers(evidence)
            or Nginx.of(evidence).listen_sockets(port)
        ):
            yield from _unpublished_claims(evidence, containers)


@frozen
class _HiddenService:
    """A container that listens on the port inside, known from its engine's list, from its listening
    sockets, or from both."""

    container: Container | None
    namespace: Namespace | None

    @property
    def name(self) -> str:
        return self.container.name if self.container else ""


def _unpublished_claims(evidence: Evidence, containers: Containers) -> Iterator[Claim]:
    hidden_services = _hidden_services(evidence, containers)
    # Visitors come by the site that passes its requests on to it: its own port stays closed.
    hidden_services = [
        hidden_service
        for hidden_service in hidden_services
        if not _is_behind_site(evidence, hidden_service)
    ]
    if not hidden_services:
        return
    service, port = hidden_services[0], evidence.target.port
    outer_ports = [
        mapping.port
        for mapping in (service.container.ports if service.container else ())
        if mapping.inner == port and mapping.port is not None
    ]
    sure = service.container is not None and (service.namespace is not None or bool(outer_ports))
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=number) for number in dict.fromkeys((port, 80))),
        because=(containers, *evidence.good(Listeners), *target_connections(evidence)),
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        ruled_out=("listener.loopback-only",),
        facts={
            **_service_facts(port, port, service),
            "tls": evidence.target.uses_tls,
            "outer": outer_ports[0] if outer_ports else "",
            "empty": False,
            "loopback": False,
            "names": tuple(
                dict.fromkeys(
                    hidden_service.name for hidden_service in hidden_services if hidden_service.name
                )
            ),
        },
        fix=_publish_fix(evidence, service),
    )


def _publish_fix(evidence: Evidence, service: _HiddenService) -> Fix:
    """Publish the port, and port 80 where a program in the container has that as well."""
    container, namespace, port = service.container, service.namespace, evidence.target.port
    if container is None:
        return compose_fix(evidence, "publish")
    is_beside = namespace is not None and namespace.listens(80) and not listeners_on(evidence, 80)
    ports = (port, *([80] if is_beside and port == 443 else []))
    changes = ((container, new_port_change(f"{number}:{number}")) for number in ports)
    return compose_fix(evidence, "publish", *changes)


def _is_behind_site(evidence: Evidence, service: _HiddenService) -> bool:
    """Return whether a web server of this machine passes the requests of the asked name on to what
    the engine publishes of a container's port."""
    container, target = service.container, evidence.target
    outer = [
        mapping.port
        for mapping in (container.ports if container else ())
        if mapping.inner == target.port and mapping.port
    ]
    if not outer:
        return False
    # Imported late: few containers publish a port under another number.
    from diagnose.parsers.passed_ports import nginx_sites, server_sites

    config = Nginx.of(evidence).config
    main, others = config.main if config else (), evidence.good(WebServerConfig)
    own = target_addresses(evidence)
    sites = (
        site
        for port in outer
        for site in (
            *nginx_sites(main, port, target.host, own),
            *(
                server_site
                for other in others
                for server_site in server_sites(other, port, target.host, own)
            ),
        )
    )
    return any(target.host in site.names for site in sites)


def _service_facts(port: int, inner: int, service: _HiddenService) -> dict[str, object]:
    namespace = service.namespace
    return {
        "port": port,
        "inner": inner,
        "container": service.name,
        "engine": service.container.engine.capitalize() if service.container else "",
        "program": service.container.engine if service.container else "",
        "process": namespace.processes[0] if namespace and namespace.processes else "",
        "pid": namespace.pid if namespace else "",
    }


def _hidden_services(evidence: Evidence, containers: Containers) -> list[_HiddenService]:
    """Return the containers that have the port inside and not outside. A container that visitors
    reach by its own address needs no publishing."""
    port, reached = evidence.target.port, set(target_addresses(evidence))
    namespaces = [
        namespace
        for namespace in containers.namespaces
        # Who made a network with unshare(1) has no engine that could publish its ports.
        if (namespace.container or "unshare" not in namespace.processes)
        and namespace.listens(port)
        and not reached & set(namespace.addresses)
    ]
    containers_by_id = {container.id: container for container in containers.running}
    hidden_services = [
        _HiddenService(containers_by_id.get(namespace.container), namespace)
        for namespace in namespaces
    ]
    listening_ids = {namespace.container for namespace in namespaces}
    hidden_services += [
        _HiddenService(container, None)
        for container in containers.running
        if container.id not in listening_ids
        and any(mapping.inner == port for mapping in container.ports)
    ]
    hidden_services = [
        service
        for service in hidden_services
        if not (service.container and _publishes(service.container, port))
    ]
    return sorted(hidden_services, key=lambda service: service.container is None)


def _publishes(container: Container, port: int) -> bool:
    return "host" in container.networks or container.publishes(port)


def _unserved_claims(evidence: Evidence, containers: Containers) -> Iterator[Claim]:
    """Make claims about published ports whose container has no listener at the destination."""
    port = evidence.target.port
    for container in containers.running:
        namespace = next(
            (
                namespace
                for namespace in containers.namespaces
                if namespace.container == container.id
            ),
            None,
        )
        for mapping in container.ports:
            if mapping.port != port or namespace is None or namespace.listens(mapping.inner):
                continue
            inner_ports = [number for _, number in namespace.sockets]
            yield Claim(
                about=Subject(port=port),
                because=(containers, *target_connections(evidence)),
                facts={
                    **_service_facts(port, mapping.inner, _HiddenService(container, namespace)),
                    "tls": evidence.target.uses_tls,
                    "outer": "",
                    "empty": True,
                    "loopback": mapping.inner in inner_ports,
                    "names": (container.name,),
                },
                fix=_listen_fix(evidence, container, namespace, mapping),
            )
            return


def _opening_fix(evidence: Evidence, container: Container, inner: int) -> Fix | None:
    """Return the edit by which the web server in a container listens on all addresses of that,
    which is what its published port is for; None if its lines are not known."""
    own = next(iter(evidence.good(NginxContainer)), None)
    if own is None or own.digest != container.id:
        return None
    # Imported late: few servers listen on the loopback address alone.
    from checks.listener._listen_lines import listen_groups, wildcard_edit
    from checks.listener._loopback_lines import loopback_lines
    from checks.nginx._commands import config_test_command, restart_commands
    from diagnose.checking.container_fixes import edit_steps

    lines, nginx = loopback_lines(evidence, (inner,)), Nginx.of(evidence)
    groups = listen_groups(evidence, inner)
    if lines is None and (not groups or not own.engine):
        return None
    loading = (config_test_command(nginx), *restart_commands(nginx))
    own_steps: tuple[Step, ...] = (*map(wildcard_edit, groups), *loading)
    steps = list[Step]()
    for step in lines.fix.steps if lines else own_steps:
        if isinstance(step, Edit):
            steps.extend(edit_steps(step, own))
        else:
            steps.append(step)
    return Fix(tuple(steps), Applicability.REVIEW)


def _listen_fix(
    evidence: Evidence, container: Container, namespace: Namespace, mapping: ContainerPort
) -> Fix:
    """Let the published port lead to the one of the same number inside, or to the only one."""
    port = evidence.target.port
    others = {
        number
        for _, number in namespace.sockets
        if namespace.listens(number)
        and not any(each.inner == number and each.port for each in container.ports)
    }
    is_loopback_only = any(number == mapping.inner for _, number in namespace.sockets)
    usual = others & _TLS_PORTS if evidence.target.uses_tls else others
    inner = port if port in others else next(iter(usual)) if len(usual) == 1 else 0
    if is_loopback_only and (opening := _opening_fix(evidence, container, mapping.inner)):
        return opening
    if is_loopback_only or not inner:
        return compose_fix(evidence, "listen")
    change = published_change(mapping, "", inner)
    return compose_fix(evidence, "listen", (container, change))
