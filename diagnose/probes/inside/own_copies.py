"""Whether the program that has the port of a service is the service's own, which somebody started
by hand before: the same arguments in the same folder, or arguments that depend on none, in no
service."""

import re

from diagnose.machine.script_files import read_script
from diagnose.model.server import Listeners
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext

#: What a group of control is called that somebody started in another way than by hand: units, and
#: the containers of Docker, Podman, Kubernetes, LXC and systemd-nspawn.
_STARTERS = (".service", "docker", "libpod", "kubepods", "lxc", "machine.slice")

SCRIPT = read_script(__file__, "own_copy.sh")
_SERVICE = re.compile(r"(?m)^=group \S*/system\.slice/([\w.-]{1,120})\.service$")


async def port_owner(ctx: ProbeContext, unit: str, endpoint: str) -> tuple[int, str]:
    """Return the process that is the service's own program, 0 if it is another one, or if it is not
    known; and the other service to which it belongs, without ".service", "" for none."""
    port = whole_number(endpoint)
    sockets = [
        socket
        for listeners in ctx.observed(Listeners)
        for socket in (listeners.on(port) if port is not None else ())
    ]
    pids = {socket.pid for socket in sockets if socket.pid}
    if len(pids) != 1:
        return 0, ""
    pid = pids.pop()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", f"{unit}.service", str(pid))
    holder = holding_service(result.out)
    return (pid or 0) if is_copy(result.out) else 0, holder if holder != unit else ""


def holding_service(text: str) -> str:
    """Return the service of systemd to whose group a process belongs, without ".service", by the
    output of the script; "" for a person's session, and for an instance of a template."""
    match = _SERVICE.search(text[:8000])
    return match[1] if match else ""


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
    is_there = (folder.count("/") > 1 and folder == at) or values.get("=rooted") == ["yes"]
    return "=same" in values and is_there and is_by_hand
