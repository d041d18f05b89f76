"""Probe for the container in which PHP-FPM runs that does not find a script, by nginx's error log
or by its own words: whether it has the file, and which folders of the server it sees.
"""

import re
import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import BindMount, NginxContainer, ScriptContainer
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.linux.mounts import bind_mounts, parse_mounts
from diagnose.parsers.nginx.error_log import matching_lines, upstream_authority
from diagnose.parsers.nginx.script_paths import script_of
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.containers import ContainerLists, read_containers

SCRIPT = read_script(__file__, "script_container.sh")

_UNKNOWN = 'FastCGI sent in stderr: "Primary script unknown'
#: What PHP-FPM itself answers (PHP's sapi/fpm/fpm/fpm_main.c).
_SAID = "File not found."
_FOLDER = re.compile(r"/[\w./-]{1,200}")
_LOOPBACK = {"127.0.0.1", "[::1]", "localhost"}


@probe(after=LogLine, needs=NginxConfig)
async def script_container(ctx: ProbeContext, line: LogLine, config: NginxConfig) -> None:
    path = ctx.target.path_without_query
    is_page = bool(matching_lines([line], host=ctx.target.host, path=path))
    authority = upstream_authority(line)
    if not line.text.startswith(_UNKNOWN) or not is_page or authority.startswith("unix:"):
        return
    server = next((server for _, server in answering_blocks(ctx, config)), None)
    script = script_of(server, path) if server else None
    if script is not None:
        await _look_for_container(ctx, authority, script.path, script.folder)


@probe(after=Exchange, needs=WebServerConfig)
async def behind_another_server(
    ctx: ProbeContext, exchange: Exchange, config: WebServerConfig
) -> None:
    """Look behind Caddy and Apache, where PHP-FPM says so in its own words to visitors."""
    is_said = exchange.status == 404 and exchange.body.strip() == _SAID
    if not is_said or not exchange.is_page_of(ctx.target):
        return
    path = ctx.target.path_without_query
    name = path if path.endswith(".php") else "/index.php"
    for site in answering_sites(config, ctx.target.port, ctx.target.host)[:1]:
        routes = (route for route in site.routes if route.scheme == "fcgi" and route.port)
        route = next(routes, None)
        if route is not None and site.root.startswith("/"):
            folder = site.root.rstrip("/")
            await _look_for_container(ctx, route.authority, f"{folder}{name}", folder)


async def _look_for_container(ctx: ProbeContext, authority: str, path: str, folder: str) -> None:
    """Emit the container that listens at this address, with whether it has the script, once."""
    if not authority or UNSAFE.search(path) or not path.startswith(f"{folder}/"):
        return
    if not ctx.further_requests.begin("the container of PHP"):
        return
    # Imported late: few servers run PHP in a container.
    from diagnose.machine.container import ContainerMachine

    at = ctx.elapsed()
    lists = await read_containers(ctx.machine)
    process = _process_of(lists, authority)
    if process is None:
        return
    pid, container_id = process
    inner = ContainerMachine(ctx.machine, pid)
    result = await inner.run_on_paths(SCRIPT, str(pid), folder, path.removeprefix(folder))
    sections = dict(re.findall(r"^@@@ (\w+)\n(.*?)(?=\n@@@ |\Z)", result.out, re.M | re.S))
    state = sections.get("path", "").strip()
    if state not in {"there", "missing"}:
        return
    container = next((one for one in lists.containers if one.id == container_id), None)
    compose = container.compose if container else None
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
            path=path,
            is_there=state == "there",
            folder=folder,
            source=nginx.source_of(folder) if nginx else folder,
            mounts=tuple(
                BindMount(point, source, replaced)
                for point, source, replaced in bind_mounts(
                    parse_mounts(sections.get("ours", "")), parse_mounts(sections.get("theirs", ""))
                )
            ),
            within=_within(sections.get("below", "")),
            compose=next(iter(compose.files), "") if compose else "",
            service=compose.service if compose else "",
        )
    )


def _within(text: str) -> str:
    """Return the only folder that has the script, of those nearest to the one that is there. A
    folder of pictures or of a part of the program may have an index of its own."""
    rows = [row.partition(" ") for row in text.split("\n")[:64]]
    for depth in ("1", "2", "3", "4", "5"):
        folders = [path for level, _, path in rows if level == depth]
        if folders:
            path = folders[0]
            return path if len(folders) == 1 and _FOLDER.fullmatch(path) else ""
    return ""


def _process_of(lists: ContainerLists, authority: str) -> tuple[int, str] | None:
    """Return a process of the container that listens at an address of its own ("172.17.0.2:9000"),
    or that publishes the port on this machine, and the container's id."""
    host, _, port_text = authority.rpartition(":")
    port = int(port_text) if re.fullmatch(r"[0-9]{1,5}", port_text) else 0
    for namespace in lists.namespaces:
        if host.strip("[]") in namespace.addresses and host not in _LOOPBACK:
            return (namespace.pid, namespace.container) if namespace.listens(port) else None
    publishing = (
        container.id
        for container in lists.containers
        if any(
            published.port == port and host in _LOOPBACK | {published.address}
            for published in container.ports
        )
    )
    processes = (
        (namespace.pid, container)
        for container in publishing
        for namespace in lists.namespaces
        if namespace.container == container
    )
    return next(processes, None)
