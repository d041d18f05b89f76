"""The fix by which nginx in a container reaches the container of an application by its name."""

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.upstream import Backend
from checks.upstream._address_lines import address_line, host_line, writer_of
from checks.upstream._containers import NAMELESS
from checks.upstream._edits import edit_fix, replace_in_directives
from diagnose.model import Applicability, Command, Fix, Manual, Where, commands
from diagnose.model.containers import Container, NginxContainer

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
    attempt = backend.connect_attempts[0]
    port = inner or attempt.port
    old, new = f"{attempt.host}:{attempt.port}", f"{application.name}:{port}"
    changes: Changes = {}
    lines = [target.directive for target in backend.proxy_targets]
    lines.append(address_line(backend, attempt.port))
    if proxy.engine and proxy.name and not any(writer_of(nginx, line) for line in lines):
        replace_in_directives(nginx, lines, old, new, changes)
        if not changes and port == attempt.port:
            line = host_line(backend)
            replace_in_directives(nginx, [line], attempt.host, application.name, changes)
    fix = edit_fix(nginx, changes, step, sure=False)
    if fix.applicability is Applicability.MANUAL:
        return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
    joining = joining_commands(application, proxy)
    keep = (Manual("keep-the-network", Where.SERVER),) if joining else ()
    return Fix((*joining, *fix.steps, *keep), fix.applicability)
