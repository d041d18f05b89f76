"""Probes for containers: the lists of their engines, and sockets in other network namespaces.

They run only if no process of the server itself listens on the target's port.

A container's sockets are not among the server's. /proc/PID/net shows the sockets in a process's
namespace without asking an engine (proc_pid_net(5)).
"""

import re
from typing import get_args

from diagnose.model import Unseen, Vantage
from diagnose.model.containers import Containers, Engine
from diagnose.model.server import Listeners
from diagnose.parsers.linux import containers as container_parser
from diagnose.probes import ProbeContext, probe

_ENGINES: dict[str, Engine] = {engine: engine for engine in get_args(Engine)}
#: Processes that listen on behalf of a container.
ENGINES = {"docker-proxy", "dockerd", "rootlessport", "conmon", "netavark", "podman"}

# Each part follows a line "@@@ name". At most three processes are listed per namespace, and at
# most forty namespaces are read (a Kubernetes node has many).
SCRIPT = r"""
part() { printf '\n@@@ %s\n' "$*"; }
for e in docker podman; do
  command -v $e >/dev/null 2>&1 || continue
  case $e in docker) f='{{json .}}';; *) f=json;; esac
  part $e; $e ps --no-trunc --format "$f" 2>&1 | head -c 300000
done
own=$(readlink /proc/self/ns/net)
ls -l /proc/[0-9]*/ns/net 2>/dev/null |
  sed -n 's|.*/proc/\([0-9]*\)/ns/net -> \(net:.*\)$|\2 \1|p' | grep -vF "$own" |
  awk '{ if (n[$1]++ < 3) p[$1] = p[$1] " " $2 } END { for (i in p) print p[i] }' | head -n 40 |
  while read -r pids; do
    set -- $pids
    grep -qs ' 0A ' /proc/$1/net/tcp /proc/$1/net/tcp6 || continue
    part net; echo "pid $1"
    for p; do printf 'comm '; cat /proc/$p/comm; done 2>/dev/null
    sed -n 's/^/cgroup /p' /proc/$1/cgroup 2>/dev/null
    awk '/32 host LOCAL/ { print "address", was } { was = $2 }' /proc/$1/net/fib_trie 2>/dev/null
    awk '{ print "address", $1 }' /proc/$1/net/if_inet6 2>/dev/null
    cat /proc/$1/net/tcp /proc/$1/net/tcp6 2>/dev/null | awk '$4 == "0A"' | head -n 200
  done; :
""".strip()

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
            _emit_not_observed(ctx, engine)
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


def _emit_not_observed(ctx: ProbeContext, engine: str) -> None:
    ctx.emit(
        Unseen(
            vantage=Vantage.SERVER,
            at=ctx.elapsed(),
            what="containers",
            why="needs root",
            enable=f"sudo {engine} ps",
        )
    )
