"""The fix by which nginx in a container reaches the container of an application by its name."""

from collections.abc import Mapping

from checks.listener._compose_edits import (
    SERVER_NAMES,
    ComposeEdit,
    compose_fix,
    compose_steps,
    compose_text,
    container_by_id,
    host_change,
    mounted_edits,
    network_change,
    variable_change,
)
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.upstream import Backend
from checks.upstream._address_lines import address_line, host_line, writer_of
from checks.upstream._containers import NAMELESS, Apart, is_beside
from checks.upstream._edits import edit_fix, replace_in_directives
from diagnose.model import (
    Applicability,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Where,
    commands,
)
from diagnose.model.addresses import bracketed
from diagnose.model.containers import Container, Containers, NginxContainer
from diagnose.model.server import Interface

#: The network that is made where neither container has one in which names are known.
_NEW_NETWORK = "web"


def joining_commands(application: Container, proxy: NginxContainer) -> tuple[Command, ...]:
    """Return the commands that give two containers a network in which names are known; () if they
    have one."""
    theirs = [name for name in application.networks if name not in NAMELESS]
    own = [name for name in proxy.networks if name not in NAMELESS]
    if set(theirs) & set(own):
        return ()
    engine = application.engine
    if theirs:
        return (commands.connect_network(engine, theirs[0], proxy.name),)
    if own:
        return (commands.connect_network(engine, own[0], application.name),)
    return (
        commands.create_network(engine, _NEW_NETWORK),
        commands.connect_network(engine, _NEW_NETWORK, application.name),
        commands.connect_network(engine, _NEW_NETWORK, proxy.name),
    )


def network_changes(
    evidence: Evidence, application: Container, proxy: NginxContainer
) -> tuple[Container, ComposeEdit] | None:
    """Return the change of a compose file that gives two containers a network in which names are
    known: for the web server's if it has a file, else for the application's. None if neither."""
    theirs = [name for name in application.networks if name not in NAMELESS]
    own = [name for name in proxy.networks if name not in NAMELESS]
    listed = container_by_id(evidence, proxy.digest)
    if theirs and listed is not None and compose_text(evidence, listed):
        return network_change(listed, theirs[0])
    if own and compose_text(evidence, application):
        return network_change(application, own[0])
    return None


def service_name(evidence: Evidence, application: Container, proxy: NginxContainer) -> str:
    """Return the name by which the web server's container knows the application's: the service's,
    if both are of one compose file."""
    listed = container_by_id(evidence, proxy.digest)
    theirs, own = application.compose, listed.compose if listed else None
    return theirs.service if theirs and own and theirs.project == own.project else application.name


def address_changes(
    nginx: Nginx, backend: Backend, proxy: NginxContainer, host: str, port: int
) -> Changes:
    """Return the changes that write another host and port in the place of a backend's address; none
    if a program writes its line."""
    attempt = backend.connect_attempts[0]
    changes: Changes = {}
    lines = [target.directive for target in backend.proxy_targets]
    lines.append(address_line(backend, attempt.port))
    if not proxy.engine or not proxy.name or any(writer_of(nginx, line) for line in lines):
        return changes
    old = f"{bracketed(attempt.host)}:{attempt.port}"
    replace_in_directives(nginx, lines, old, f"{host}:{port}", changes)
    if not changes and port == attempt.port:
        replace_in_directives(nginx, [host_line(backend)], attempt.host, host, changes)
    return changes


def name_fix(
    nginx: Nginx,
    backend: Backend,
    application: Container,
    proxy: NginxContainer,
    step: str,
    inner: int | None = None,
) -> Fix:
    """Write the name of the application's container in the place of an address that leads
    elsewhere, after both have a network. `step` is what a person does where the engine, or the line
    that holds the address, is not known, or a program writes that line. `inner` is the port that
    the application has inside, if it is another."""
    port = inner or backend.connect_attempts[0].port
    name = service_name(nginx.evidence, application, proxy)
    changes = address_changes(nginx, backend, proxy, name, port)
    fix = edit_fix(nginx, changes, step, sure=False)
    joining = joining_commands(application, proxy) if proxy.engine and proxy.name else ()
    change = network_changes(nginx.evidence, application, proxy) if joining else None
    if fix.applicability is Applicability.MANUAL:
        # A program writes the line: a person tells it the name, once both have a network.
        steps = compose_steps(nginx.evidence, change) if change else ()
        return Fix((*(steps or joining), Manual(step, Where.SERVER)), Applicability.MANUAL)
    if not joining:
        return fix
    if change is not None and (steps := made_anew(nginx, changes, proxy, change)):
        return Fix(steps, Applicability.REVIEW)
    keep = Manual("keep-the-network", Where.SERVER)
    return Fix((*joining, *fix.steps, keep), fix.applicability)


def joining_fix(
    evidence: Evidence, apart: Apart, step: str, loading: tuple[Command, ...] = ()
) -> Fix:
    """Give the web server's container the network of the one that has the asked name: in its
    compose file, or else at once by the engine, and then load its files again by `loading`."""
    proxy = apart.proxy
    listed = container_by_id(evidence, proxy.digest)
    steps = compose_steps(evidence, network_change(listed, apart.network)) if listed else ()
    if steps:
        return Fix(steps, Applicability.REVIEW)
    if not proxy.engine or not proxy.name:
        return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    connect = commands.connect_network(proxy.engine, apart.network, proxy.name)
    keep = Manual("keep-the-network", Where.SERVER)
    return Fix((connect, *loading, keep), Applicability.REVIEW)


def sharing_fix(evidence: Evidence, application: Container | None, step: str) -> Fix:
    """Give the web server's container and that of an application a network in common: in a compose
    file, or else at once by the engine; the step of this name for a person where neither is
    possible. nginx-proxy writes its file anew by itself then."""
    proxy = next(iter(evidence.good(NginxContainer)), None)
    manual = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    if application is None or proxy is None or not proxy.engine or not proxy.name:
        return manual
    joining = joining_commands(application, proxy)
    change = network_changes(evidence, application, proxy) if joining else None
    if change is not None and (steps := compose_steps(evidence, change)):
        return Fix(steps, Applicability.REVIEW)
    if not joining or "host" in (*application.networks, *proxy.networks):
        return manual
    return Fix((*joining, Manual("keep-the-network", Where.SERVER)), Applicability.REVIEW)


def virtual_fix(
    evidence: Evidence, step: str, container: Container | None, settings: Mapping[str, str]
) -> Fix:
    """Give a container the variables out of which nginx-proxy writes its file, in its compose file;
    the step of this name for a person where that is not possible, or nothing is to be set."""
    if container is None or not settings:
        return compose_fix(evidence, step)
    changes = ((container, variable_change(name, settings[name])) for name in settings)
    return compose_fix(evidence, step, *changes)


def virtual_protocol_fix(nginx: Nginx, backend: Backend, scheme: str) -> Fix | None:
    """Tell nginx-proxy what the application speaks, in the environment of its container; None if
    another program or a person wrote the line, or the container has no compose file."""
    attempts = backend.connect_attempts
    writer = writer_of(nginx, backend.proxy_target.directive)
    if writer is None or writer.panel != "nginx-proxy" or len(attempts) != 1:
        return None
    address = attempts[0].address or attempts[0].host
    owners = [
        container
        for containers in nginx.evidence.good(Containers)
        for container in containers.running
        for namespace in containers.namespaces
        if namespace.container == container.id and address in namespace.addresses
    ]
    if len(owners) != 1:
        return None
    steps = compose_steps(nginx.evidence, (owners[0], variable_change("VIRTUAL_PROTO", scheme)))
    return Fix(steps, Applicability.REVIEW) if steps else None


def made_anew(
    nginx: Nginx, changes: Changes, proxy: NginxContainer, change: tuple[Container, ComposeEdit]
) -> tuple[Edit | Command, ...]:
    """Return the steps that change a compose file and nginx's files, and load both; () if one of
    them is not possible. nginx reads its files when its container is made anew."""
    compose = compose_steps(nginx.evidence, change)
    inner = mounted_edits(config_edits(nginx, changes), proxy) if changes else ()
    if not compose or (changes and not inner):
        return ()
    edits = tuple(step for step in compose if isinstance(step, Edit))
    loading = () if change[0].id == proxy.digest else reload_steps(nginx)
    return (*edits, *inner, *(step for step in compose if step not in edits), *loading)


def server_fix(nginx: Nginx, backend: Backend, proxy: NginxContainer, step: str) -> Fix:
    """Write what means the server itself in the place of an address that is the container: the name
    that its compose file can give it, else the address of the server in the container's network,
    which a container that is made anew has as well."""
    manual = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    port, listed = backend.connect_attempts[0].port, container_by_id(nginx.evidence, proxy.digest)
    name = SERVER_NAMES.get(proxy.engine, "")
    if name and listed is not None and compose_text(nginx.evidence, listed):
        changes = address_changes(nginx, backend, proxy, name, port)
        change = (listed, host_change(name))
        if steps := made_anew(nginx, changes, proxy, change) if changes else ():
            return Fix(steps, Applicability.REVIEW)
        compose_change = compose_steps(nginx.evidence, change)
        return Fix((*compose_change, Manual(step, Where.SERVER)), Applicability.MANUAL)
    gateway = gateway_of(nginx.evidence, proxy)
    if not gateway:
        return manual
    changes = address_changes(nginx, backend, proxy, gateway, port)
    return edit_fix(nginx, changes, step, sure=False) if changes else manual


def gateway_of(evidence: Evidence, proxy: NginxContainer) -> str:
    """Return the server's own address in the network of a container; "" if it is not known."""
    for interface in evidence.good(Interface):
        for address in interface.addresses:
            host = address.partition("/")[0]
            if is_beside(evidence, host, proxy.addresses) and ":" not in host:
                return host
    return ""
