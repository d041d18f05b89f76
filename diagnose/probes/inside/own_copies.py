"""Whether the program that has the port of a service is the service's own, which somebody started
by hand before: the same arguments in the same folder, in no service."""

from diagnose.machine.script_files import read_script
from diagnose.model.server import Listeners
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext

#: What a group of control is called that somebody started in another way than by hand: units, and
#: the containers of Docker, Podman, Kubernetes, LXC and systemd-nspawn.
_STARTERS = (".service", "docker", "libpod", "kubepods", "lxc", "machine.slice")

SCRIPT = read_script(__file__, "own_copy.sh")


async def own_copy(ctx: ProbeContext, unit: str, endpoint: str) -> int:
    """Return the process, 0 if it is another program, or if it is not known."""
    port = whole_number(endpoint)
    sockets = [
        socket
        for listeners in ctx.observed(Listeners)
        for socket in (listeners.on(port) if port is not None else ())
    ]
    pids = {socket.pid for socket in sockets if socket.pid}
    if len(pids) != 1:
        return 0
    pid = pids.pop()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", f"{unit}.service", str(pid))
    return (pid or 0) if is_copy(result.out) else 0


def is_copy(text: str) -> bool:
    """Return whether the output of the script is that of such a program."""
    values: dict[str, list[str]] = {}
    for line in text.split("\n")[:100]:
        name, _, value = line.partition(" ")
        values.setdefault(name, []).append(value.strip())
    folder, at = values.get("=folder", [""])[0], values.get("=at", [""])[0]
    groups = values.get("=group", [])
    is_by_hand = bool(groups) and not any(
        starter in group for group in groups for starter in _STARTERS
    )
    return "=same" in values and folder.count("/") > 1 and folder == at and is_by_hand
