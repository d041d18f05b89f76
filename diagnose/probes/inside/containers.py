"""Containers: what their engines list, and what listens in network namespaces apart from the
server's. Looked at only where nothing of the server's own listens on the target's port.

A container's sockets are not among the server's; /proc/PID/net shows those of the namespace in
which a process is, without an engine being asked (proc_pid_net(5)).
"""

import re

from diagnose.model import Unseen, Vantage
from diagnose.model.containers import Containers
from diagnose.model.server import Listeners
from diagnose.parsers.linux import containers as wire
from diagnose.probes import Look, probe

#: What listens on behalf of a container.
ENGINES = {"docker-proxy", "dockerd", "rootlessport", "conmon", "netavark", "podman"}

# Each part follows a line "@@@ name". Of the processes in a namespace three are named; of the
# namespaces (a Kubernetes node has many) forty are read.
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
async def containers(look: Look, listeners: Listeners) -> None:
    there = listeners.on(look.target.port)
    if listeners.failure or any((one.process or "?") not in ENGINES for one in there):
        return
    at = look.now()
    ran = await look.machine.run("sh", "-c", SCRIPT)
    parts = re.split(r"^@@@ (.*)\n", ran.out, flags=re.MULTILINE)
    named = tuple(zip(parts[1::2], parts[2::2], strict=True))
    if not named:
        return
    for engine, text in named:
        if engine != "net" and _DENIED.search(text[:500]):
            _unseen(look, engine)
    read = {"docker": wire.docker_ps, "podman": wire.podman_ps}
    look.see(
        Containers(
            vantage=Vantage.SERVER,
            at=at,
            took=look.now() - at,
            equivalent="docker ps; podman ps; lsns -t net",
            engines=tuple(name for name, text in named if text.strip()[:1] in {"{", "["}),
            containers=tuple(
                one for name, text in named if name in read for one in read[name](text)
            ),
            namespaces=tuple(wire.namespace(text) for name, text in named if name == "net"),
        )
    )


def _unseen(look: Look, engine: str) -> None:
    look.see(
        Unseen(
            vantage=Vantage.SERVER,
            at=look.now(),
            what="containers",
            why="needs root",
            enable=f"sudo {engine} ps",
        )
    )
