"""Probes for containers: the lists of their engines, and sockets in other network namespaces.

They run only if no process of the server itself listens on the target's port.

A container's sockets are not among the server's. /proc/PID/net shows the sockets in a process's
namespace without asking an engine (proc_pid_net(5)).
"""

import re
from typing import get_args

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import Containers, Engine
from diagnose.model.server import Listeners
from diagnose.parsers.linux import containers as container_parser
from diagnose.probes import ProbeContext, emit_not_observed, probe

_ENGINES: dict[str, Engine] = {engine: engine for engine in get_args(Engine)}
#: Processes that listen on behalf of a container.
ENGINES = {"docker-proxy", "dockerd", "rootlessport", "conmon", "netavark", "podman"}

SCRIPT = read_script(__file__, "containers.sh")

_DENIED = re.compile(r"permission denied", re.IGNORECASE)


@probe(after=Listeners)
async def containers(ctx: ProbeContext, listeners: Listeners) -> None:
    listeners_on_port = listeners.on(ctx.target.port)
    if listeners.failure or any(
        (listener.process or "?") not in ENGINES for listener in listeners_on_port
    ):
        return
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT)
    parts = re.split(r"^@@@ (.*)\n", result.out, flags=re.MULTILINE)
    sections = tuple(zip(parts[1::2], parts[2::2], strict=True))
    if not sections:
        return
    for engine, text in sections:
        if engine != "net" and _DENIED.search(text[:500]):
            emit_not_observed(ctx, "containers", "needs root", f"sudo {engine} ps")
    readers = {"docker": container_parser.docker_ps, "podman": container_parser.podman_ps}
    ctx.emit(
        Containers(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent="docker ps; podman ps; lsns -t net",
            engines=tuple(
                _ENGINES[name]
                for name, text in sections
                if name in _ENGINES and text.strip()[:1] in {"{", "["}
            ),
            containers=tuple(
                container
                for name, text in sections
                if name in readers
                for container in readers[name](text)
            ),
            namespaces=tuple(
                container_parser.namespace(text) for name, text in sections if name == "net"
            ),
        )
    )
