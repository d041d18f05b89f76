"""proxy_pass names a container by its own name or address, with a port on which nothing in the
container listens. Usually it is the port that the engine publishes on the server (the first number
of `-p 8080:3000`): in the containers' own network only the second number exists.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._address_lines import address_line, line_facts, writer_of
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._container_names import virtual_fix
from checks.upstream._edits import edit_fix, replace_in_directives
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Manual, Severity, Where
from diagnose.model.addresses import bracketed
from diagnose.model.containers import Container, Containers, Namespace
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig, UpstreamTry
from diagnose.model.upstream import UpstreamTalk

_MAX_SHOWN = 6
#: What nginx speaks by other directives than proxy_pass, and by https:// in it.
_PROTOCOLS = {"fastcgi": "FastCGI", "uwsgi": "uwsgi", "http2": "HTTP/2", "https": "TLS"}


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTry, NginxConfig, Containers],
    explains=(*CONSEQUENCES, "upstream.refused"),
)
def container_wrong_port(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for containers in evidence.good(Containers):
        for backend in backends(nginx):
            fault = _fault(evidence, containers, backend)
            if fault is None:
                continue
            facts = {
                "container": fault.container.name,
                "engine": fault.container.engine,
                "port": fault.attempt.port,
                "published": fault.is_published,
                "inner": fault.inner or "",
                "ports": fault.ports,
                "port_inside": fault.usable[0] if len(fault.usable) == 1 else "",
                **_protocol_facts(fault),
                **line_facts(backend, fault.attempt.port),
            }
            claim = upstream_claim(
                nginx,
                BackendFault(
                    backend,
                    facts,
                    because=(
                        *backend.connect_attempts,
                        containers,
                        *fault.talks,
                        *backend_log_lines(nginx, backend, "while connecting to upstream"),
                    ),
                    confidence=Confidence.CERTAIN
                    if fault.inner or (fault.other and not fault.usable)
                    else Confidence.LIKELY,
                ),
                _fix(nginx, backend, fault),
            )
            line = address_line(backend, fault.attempt.port)
            yield replace(claim, location=nginx.location(line) or claim.location)


@frozen
class _Fault:
    """`inner` is the port of the container that is published as the one in proxy_pass, and on
    which a program listens; 0 if it is not known. `usable` are those of its ports that may speak
    HTTP, and `talks` what was found out about them."""

    attempt: UpstreamTry
    container: Container
    ports: tuple[int, ...]
    is_published: bool
    inner: int
    usable: tuple[int, ...] = ()
    talks: tuple[UpstreamTalk, ...] = ()

    @property
    def other(self) -> UpstreamTalk | None:
        """The first port with another protocol that nginx can speak."""
        return next((talk for talk in self.talks if talk.speaks in _PROTOCOLS), None)


def _fault(evidence: Evidence, containers: Containers, backend: Backend) -> _Fault | None:
    if not backend.is_down:
        return None
    attempt = backend.connect_attempts[0]
    if attempt.failure is None or attempt.failure.kind != "refused" or attempt.socket:
        return None
    for container in containers.running:
        for namespace in containers.namespaces:
            if namespace.container == container.id and _is_at(namespace, attempt):
                fault = _wrong_port(attempt, container, namespace)
                return _with_protocols(evidence, fault) if fault else None
    return None


def _with_protocols(evidence: Evidence, fault: _Fault) -> _Fault:
    """Return the fault with what speaks at the ports: only HTTP is an answer to proxy_pass."""
    address = fault.attempt.address or fault.attempt.host
    talks = tuple(
        talk
        for talk in evidence.of(UpstreamTalk)
        if (talk.address or talk.host) == address and talk.port in fault.ports
    )
    refused = {talk.port for talk in talks if talk.failure or talk.speaks != "http"}
    usable = tuple(port for port in fault.ports if port not in refused)
    inner = fault.inner if fault.inner in usable else 0
    return replace(fault, usable=usable, talks=talks, inner=inner)


def _protocol_facts(fault: _Fault) -> dict[str, object]:
    other = fault.other if not fault.usable else None
    protocol = other.speaks if other else ""
    compose = fault.container.compose
    return {
        "protocol": _PROTOCOLS.get(protocol, ""),
        "protocol_port": other.port if other else "",
        "address": bracketed(fault.attempt.address or fault.attempt.host),
        "pass": {"http2": "grpc_pass", "https": "proxy_pass"}.get(protocol, f"{protocol}_pass"),
        "virtual_protocol": "grpc" if protocol == "http2" else protocol,
        "silent": not fault.usable and other is None,
        **{name: protocol == name for name in _PROTOCOLS},
        "compose": compose.files[0] if compose and compose.files else "",
        "service": compose.service if compose else "",
    }


def _is_at(namespace: Namespace, attempt: UpstreamTry) -> bool:
    return (attempt.address or attempt.host) in namespace.addresses


def _wrong_port(attempt: UpstreamTry, container: Container, namespace: Namespace) -> _Fault | None:
    """Return the fault, if a program in the container listens on other ports only."""
    listening = {port for _, port in namespace.sockets}
    ports = tuple(port for port in sorted(listening) if namespace.listens(port))
    if not ports or attempt.port in listening:
        return None
    published = [port.inner for port in container.ports if port.port == attempt.port]
    inner = next((port for port in published if port in ports), 0)
    return _Fault(attempt, container, ports[:_MAX_SHOWN], bool(published), inner)


def _fix(nginx: Nginx, backend: Backend, fault: _Fault) -> Fix:
    """Write the port inside of the container. Without a published port only a person knows which of
    the container's ports is meant, unless it is a single one. nginx-proxy writes its file anew out
    of the container's environment."""
    if not fault.usable and not fault.other:
        return Fix((Manual("find-the-port", Where.SERVER),), Applicability.MANUAL)
    manual = Fix((Manual("write-the-inner-port", Where.SERVER),), Applicability.MANUAL)
    line, old = address_line(backend, fault.attempt.port), str(fault.attempt.port)
    writer = writer_of(nginx, line)
    is_generated = writer is not None and writer.panel == "nginx-proxy"
    if fault.other and fault.other.speaks == "https" and not fault.usable:
        return _https_fix(nginx, backend, fault, is_generated)
    if is_generated or not fault.usable:
        generated = "set-the-virtual-port" if fault.usable else "set-the-virtual-protocol"
        step = generated if is_generated else "speak-the-inner-protocol"
        is_one = is_generated and len(fault.usable) == 1
        settings = {"VIRTUAL_PORT": str(fault.usable[0])} if is_one else {}
        # Port 80 is that of HTTP without TLS (RFC 9110 section 4.2.1).
        plain = {80, *(talk.port for talk in fault.talks if talk.speaks == "http")}
        if is_one and backend.proxy_target.scheme == "https" and fault.usable[0] in plain:
            settings["VIRTUAL_PROTO"] = "http"
        return virtual_fix(nginx.evidence, step, fault.container, settings)
    port = fault.inner or (fault.usable[0] if len(fault.usable) == 1 else 0)
    if not port or len(backend.connect_attempts) != 1:
        return manual
    changes: Changes = {}
    own = [proxy_target.directive for proxy_target in backend.proxy_targets]
    is_own = line is backend.proxy_target.directive
    colon = "" if line.args[-1:] == (old,) else ":"
    host = f"{fault.attempt.host}:" if is_own else colon
    lines = own if is_own else [line]
    replace_in_directives(nginx, lines, f"{host}{old}", f"{host}{port}", changes)
    sure = bool(fault.inner)
    return edit_fix(nginx, changes, "write-the-inner-port", sure=sure) if changes else manual


def _https_fix(nginx: Nginx, backend: Backend, fault: _Fault, is_generated: bool) -> Fix:
    """Write https:// and the port with TLS into the line `proxy_pass`, if it has the address, or
    into the container's own variables. The certificate of a container of this machine is not
    verified (nginx, "proxy_ssl_verify")."""
    attempt, port = fault.attempt, fault.other.port if fault.other else 0
    if is_generated:
        settings = {"VIRTUAL_PORT": str(port), "VIRTUAL_PROTO": "https"}
        return virtual_fix(nginx.evidence, "set-the-virtual-protocol", fault.container, settings)
    changes: Changes = {}
    line: Directive = address_line(backend, attempt.port)
    if line is backend.proxy_target.directive and len(backend.connect_attempts) == 1:
        own = [proxy_target.directive for proxy_target in backend.proxy_targets]
        host = bracketed(attempt.host)
        is_told = any(f"{host}:{attempt.port}" in word for each in own for word in each.args)
        old = f"http://{host}:{attempt.port}" if is_told else f"http://{host}"
        replace_in_directives(nginx, own, old, f"https://{host}:{port}", changes)
    return edit_fix(nginx, changes, "speak-the-inner-protocol", sure=False)
