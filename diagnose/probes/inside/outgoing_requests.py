"""Tries the way of the site's program to what it does not reach, after its own message about it:
from the network of its container or service, with the names and authorities that it has, and, to
compare, from the server itself.

A connection is made, with TLS a handshake, and no request.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from diagnose.machine import Machine
from diagnose.machine.container import ContainerMachine
from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import is_guarded
from diagnose.model.containers import CONTAINER_PROCESSES, Container, Namespace
from diagnose.model.frozen import frozen
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.outgoing import OutgoingTry
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.linux.containers import container_of
from diagnose.parsers.linux.service_managers import unit_of
from diagnose.parsers.outgoing_attempts import tried_way
from diagnose.parsers.outgoing_requests import OutgoingRequest, is_of_go, outgoing_request
from diagnose.parsers.proxy_url import is_exempt, masked, parse_proxy_url
from diagnose.parsers.sanitize import clean
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.containers import ContainerLists, read_containers
from diagnose.probes.inside.web_servers.readers import WEB_SERVERS

SCRIPT = read_script(__file__, "outgoing.sh")
SURROUNDINGS = read_script(__file__, "outgoing_surroundings.sh")

#: Seconds for the name and the connections, which are tried at once.
PATIENCE = 8.5

#: Programs that trust the public authorities of their own package, and what adds others to them
#: (nodejs.org, "tls"; certifi).
_OWN_STORES = {"node": "node_extra_ca_certs", "bun": "node_extra_ca_certs"}
_PLACE = re.compile(r"(?!-)[\w.-]{1,253}:\d{1,5}", re.ASCII)
_PID = re.compile(r"pid=(\d{1,10})")


@frozen(eq=False)
class _Program:
    """A process of the site, with the container that it is in."""

    pid: int
    namespace: Namespace | None = None
    container: Container | None = None


@frozen
class _Surroundings:
    name: str = ""
    unit: str = ""
    digest: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    store: str = ""
    public: str = ""

    def variable(self, *names: str) -> str:
        known = dict(self.variables)
        return next((known[name] for name in names if known.get(name)), "")


async def try_outgoing(ctx: ProbeContext, listeners: Listeners) -> None:
    """Try it once in a run, as soon as it is known where the site's requests go."""
    symptom, target = ctx.target.symptom, ctx.target
    request = outgoing_request(symptom.text, target.host) if symptom else None
    fronts = {listener.process for listener in listeners.on(target.port)} & WEB_SERVERS
    # An address that nobody typed as the target: see `is_guarded`.
    if request is None or is_guarded(request.host):
        return
    is_read = bool(ctx.observed(NginxConfig)) or bool(ctx.observed(WebServerConfig))
    if (fronts and not is_read) or _is_the_proxys(ctx, request):
        return
    lists = await read_containers(ctx.machine)
    # A web server in a container may be read yet: then it is known which program is behind it.
    if not is_read and (publisher := _published(lists, target.port, "")) and _is_front(publisher):
        return
    if not ctx.further_requests.begin("the way out"):
        return
    program = await _program(ctx, listeners, lists)
    if program and program.container and _is_named(program.container, request.host):
        return  # no program asks itself by the name that others have for it
    if program is None:
        await _try(ctx, request, None, _Surroundings(), lists)
        return
    around = await _surroundings(ctx.machine, program.pid)
    if around.digest and program.container is None:
        program = replace(program, container=_listed(lists, around.digest))
    is_apart = bool(around.digest) or program.namespace is not None
    way = await _try(ctx, request, program, around, lists)
    if is_apart or way.proxy or way.authorities:
        await _try(ctx, request, None, _Surroundings(), lists)


def _is_the_proxys(ctx: ProbeContext, request: OutgoingRequest) -> bool:
    """Return whether the message may be that of a web server here about where it passes requests
    on to. The words of another language than its own are always the program's."""
    symptom = ctx.target.symptom
    if symptom is None or not is_of_go(symptom.text):
        return False
    # Imported late: few messages are about this.
    from diagnose.parsers.passed_names import nginx_passes_to, sites_pass_to

    place = request.host, request.port
    return sites_pass_to(ctx.observed(WebServerConfig), *place) or any(
        nginx_passes_to(config.main, *place) for config in ctx.observed(NginxConfig)
    )


async def _try(
    ctx: ProbeContext,
    request: OutgoingRequest,
    program: _Program | None,
    around: _Surroundings,
    lists: ContainerLists,
) -> OutgoingTry:
    """Try the way of a program, or, without one, of the server."""
    at = ctx.elapsed()
    proxy, proxy_place = _proxy(request, around)
    files = _authorities(program, around)
    options = (str(request.port), proxy_place, *files)
    words = ("sh", "-c", SCRIPT, "sh", request.host, *options)
    container = program.container if program else None
    machine: Machine = ctx.machine
    if program and (around.digest or program.namespace):
        machine = ContainerMachine(ctx.machine, program.pid)
    result = await machine.run(*words, timeout=PATIENCE)
    way = tried_way(result.out, request.uses_tls)
    front = next((each for each in lists.containers if each.publishes(request.port)), None)
    neighbour = next((each for each in lists.containers if _is_named(each, request.host)), None)
    return ctx.emit(
        OutgoingTry(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=_command(request, program, container, around),
            failure=result.failure if not result.out else None,
            place="container" if around.digest else "service" if program else "server",
            host=request.host,
            port=request.port,
            uses_tls=request.uses_tls,
            pid=program.pid if program else 0,
            program=around.name,
            unit="" if around.digest else around.unit,
            container=container,
            digest=around.digest,
            front=front,
            neighbour=neighbour,
            sources=program.namespace.addresses if program and program.namespace else (),
            name_servers=way.name_servers,
            names="found" if way.has_names else "silent" if way.is_silent else "missing",
            attempts=way.attempts,
            authorities=_shown_paths(program, files),
            proxy=proxy,
        )
    )


def _command(
    request: OutgoingRequest,
    program: _Program | None,
    container: Container | None,
    around: _Surroundings,
) -> str:
    """Return a command that shows the same."""
    import shlex

    if not request.port:
        inner = (container.engine, "exec", container.name) if container else ()
        return shlex.join((*inner, "getent", "hosts", request.host))
    place = f"[{request.host}]" if ":" in request.host else request.host
    scheme = "https" if request.uses_tls else "http" if request.port == 80 else "telnet"
    port = "" if request.port in {80, 443} else f":{request.port}"
    url = shlex.quote(f"{scheme}://{place}{port}/")
    if container:
        return f"{container.engine} exec {shlex.quote(container.name)} curl -sSI {url}"
    if program and (program.namespace or around.digest):
        return f"nsenter -t {program.pid} -n curl -sSI {url}"
    return f"curl -sSI {url}"


async def _program(
    ctx: ProbeContext, listeners: Listeners, lists: ContainerLists
) -> _Program | None:
    """Return the program that answers the target's path; None if it is not found."""
    for host, port, socket in _endpoints(ctx):
        if socket:
            result = await ctx.machine.run("ss", "-Hlxp", "src", socket)
            if match := _PID.search(result.out):
                return _Program(int(match[1]))
            continue
        if program := _in_namespace(lists, host, port):
            return program
        if (program := _published(lists, port, host)) and not _is_front(program):
            return program
        if not _is_own(host):
            continue
        for listener in listeners.on(port):
            is_front = (listener.process or "") in WEB_SERVERS | CONTAINER_PROCESSES
            if listener.pid and not is_front:
                return _Program(listener.pid)
    return None


def _is_own(host: str) -> bool:
    return host in {"", "localhost", "::1", "host.docker.internal"} or host.startswith("127.")


def _endpoints(ctx: ProbeContext) -> Iterator[tuple[str, int, str]]:
    """Yield where the target's path is passed on to: host, port and socket; and its own port."""
    target = ctx.target
    bare = target.path_without_query
    for config in ctx.observed(NginxConfig)[:1]:
        route = upstream_routes.find_route(ctx, config, bare, over_http=False)
        for endpoint in route.upstream.endpoints[:2] if route else ():
            yield endpoint.host, endpoint.port, endpoint.socket or ""
    for server in ctx.observed(WebServerConfig):
        for site_route in routes_of_name(server, target.port, target.host, bare)[:2]:
            yield site_route.host, site_route.port or 0, site_route.socket or ""
    for attempt in ctx.observed(UpstreamTry)[:4]:
        if attempt.address:
            yield attempt.address, attempt.port, ""
    yield "", target.port, ""


def _in_namespace(lists: ContainerLists, host: str, port: int) -> _Program | None:
    """Return the container that has an address, or a name, and listens at the port."""
    named = {
        container.id
        for container in lists.containers
        if host and not is_address(host) and _is_named(container, host)
    }
    for namespace in lists.namespaces:
        is_it = host in namespace.addresses and not _is_own(host)
        if (is_it or namespace.container in named) and namespace.listens(port):
            return _Program(namespace.pid, namespace, _listed(lists, namespace.container))
    return None


def _is_named(container: Container, name: str) -> bool:
    service = container.compose.service if container.compose else ""
    return name in {container.name, service}


def _published(lists: ContainerLists, port: int, host: str) -> _Program | None:
    """Return the container that publishes a port of the server."""
    if not (_is_own(host) or is_address(host)):
        return None
    for container in lists.containers:
        if container.publishes(port):
            for namespace in lists.namespaces:
                if namespace.container and namespace.container == container.id:
                    return _Program(namespace.pid, namespace, container)
    return None


def _is_front(program: _Program) -> bool:
    """Return whether a container is that of a web server, which asks for nothing itself."""
    processes = program.namespace.processes if program.namespace else ()
    return not WEB_SERVERS.isdisjoint(processes) or "traefik" in processes


def _listed(lists: ContainerLists, digest: str) -> Container | None:
    return next(
        (container for container in lists.containers if digest and container.id == digest), None
    )


async def _surroundings(machine: Machine, pid: int) -> _Surroundings:
    result = await machine.run("sh", "-c", SURROUNDINGS, "sh", str(pid))
    fields: dict[str, list[str]] = {}
    for line in result.out.split("\n")[:60]:
        key, _, value = line.partition(" ")
        fields.setdefault(key, []).append(value)
    groups = fields.get("cgroup", [])
    variables = (line.partition("=")[::2] for line in fields.get("env", []))
    return _Surroundings(
        name=clean(next(iter(fields.get("comm", [])), ""), 60),
        unit=unit_of(groups),
        digest=container_of(groups),
        variables=tuple((name.lower(), value) for name, value in variables),
        store=next(iter(fields.get("store", [])), ""),
        public=next(iter(fields.get("public", [])), ""),
    )


def _proxy(request: OutgoingRequest, around: _Surroundings) -> tuple[str, str]:
    """Return the proxy that the program's environment names for this host: as it is shown, and as
    openssl takes it; ("", "") for none, or one that is not of HTTP."""
    scheme = "https_proxy" if request.uses_tls else "http_proxy"
    proxy = around.variable(scheme, "all_proxy")
    if not proxy or is_exempt(dict(around.variables), request.host):
        return "", ""
    try:
        url = parse_proxy_url(proxy)
    except ValueError:
        return "", ""
    has_login = url.username is not None
    is_taken = url.scheme == "http" and not has_login and _PLACE.fullmatch(url.authority)
    return (masked(proxy), url.authority) if is_taken else ("", "")


def _authorities(program: _Program | None, around: _Surroundings) -> tuple[str, ...]:
    """Return the files of the authorities that the program trusts, as the server sees them; () for
    those of the server's own system."""
    if program is None:
        return ()
    root = f"/proc/{program.pid}/root"
    own = next((each for name, each in _OWN_STORES.items() if around.name.startswith(name)), "")
    if own:
        added = around.variable(own)
        return (around.public, *((f"{root}{added}",) if added else ())) if around.public else ()
    if set_file := around.variable("ssl_cert_file", "requests_ca_bundle", "curl_ca_bundle"):
        return (f"{root}{set_file}",)
    is_apart = around.digest and around.store
    return (f"{root}{around.store}",) if is_apart else ()


def _shown_paths(program: _Program | None, files: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files as the program names them."""
    prefix = f"/proc/{program.pid}/root" if program else ""
    return tuple(clean(path.removeprefix(prefix), 300) for path in files)
