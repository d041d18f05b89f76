"""Probe for the container in which PHP-FPM runs that does not find a script, by nginx's error log:
whether it has the file, and which folders of the server it sees.
"""

import re
import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import BindMount, NginxContainer, ScriptContainer
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.linux.mounts import bind_mounts, parse_mounts
from diagnose.parsers.nginx.error_log import matching_lines, upstream_authority
from diagnose.parsers.nginx.script_paths import script_of
from diagnose.parsers.sanitize import UNSAFE
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.containers import ContainerLists, read_containers

SCRIPT = read_script(__file__, "script_container.sh")

_UNKNOWN = 'FastCGI sent in stderr: "Primary script unknown'
_LOOPBACK = {"127.0.0.1", "[::1]", "localhost"}


@probe(after=LogLine, needs=NginxConfig)
async def script_container(ctx: ProbeContext, line: LogLine, config: NginxConfig) -> None:
    path = ctx.target.path.partition("?")[0]
    is_page = bool(matching_lines([line], host=ctx.target.host, path=path))
    authority = upstream_authority(line)
    if not line.text.startswith(_UNKNOWN) or not is_page or authority.startswith("unix:"):
        return
    server = next((server for _, server in answering_blocks(ctx, config)), None)
    script = script_of(server, path) if server else None
    if script is None or not authority or UNSAFE.search(script.path):
        return
    if not ctx.further_requests.begin("the container of PHP"):
        return
    # Imported late: few servers run PHP in a container.
    from diagnose.machine.container import ContainerMachine

    at = ctx.elapsed()
    lists = await read_containers(ctx.machine)
    found = _process_of(lists, authority)
    if found is None:
        return
    pid, container_id = found
    inner = ContainerMachine(ctx.machine, pid)
    result = await inner.run_on_paths(SCRIPT, str(pid), script.path)
    sections = dict(re.findall(r"^@@@ (\w+)\n(.*?)(?=\n@@@ |\Z)", result.out, re.M | re.S))
    state = sections.get("path", "").strip()
    if state not in {"there", "missing"}:
        return
    container = next((one for one in lists.containers if one.id == container_id), None)
    nginx = next(iter(ctx.observed(NginxContainer)), None)
    ctx.emit(
        ScriptContainer(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(
                (container.engine, "inspect", "-f", "{{json .Mounts}}", container.name)
                if container
                else ("cat", f"/proc/{pid}/mountinfo")
            ),
            endpoint=authority,
            engine=container.engine if container else "",
            name=container.name if container else "",
            path=script.path,
            is_there=state == "there",
            folder=script.folder,
            source=nginx.source_of(script.folder) if nginx else script.folder,
            mounts=tuple(
                BindMount(point, source, replaced)
                for point, source, replaced in bind_mounts(
                    parse_mounts(sections.get("ours", "")), parse_mounts(sections.get("theirs", ""))
                )
            ),
        )
    )


def _process_of(lists: ContainerLists, authority: str) -> tuple[int, str] | None:
    """Return a process of the container that listens at an address of its own ("172.17.0.2:9000"),
    or that publishes the port on this machine, and the container's id."""
    host, _, port_text = authority.rpartition(":")
    port = int(port_text) if re.fullmatch(r"[0-9]{1,5}", port_text) else 0
    for namespace in lists.namespaces:
        if host.strip("[]") in namespace.addresses and host not in _LOOPBACK:
            return (namespace.pid, namespace.container) if namespace.listens(port) else None
    for container in lists.containers:
        for published in container.ports:
            if published.port == port and host in _LOOPBACK | {published.address}:
                for namespace in lists.namespaces:
                    if namespace.container == container.id:
                        return namespace.pid, container.id
    return None
