"""Probe for the programs that listen where the page's application is: whether they are older than
their files, or two of them share a port.

It runs after the page or a file of it has failed, or where two processes listen at one address.
"""

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.containers import CONTAINER_PROCESSES
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.processes import RunningPrograms
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.linux.processes import parse_programs
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.program_logs import application_endpoints

SCRIPT = "\n".join(
    read_script(__file__, name) for name in ("program_starter.sh", "running_programs.sh")
)


@probe(after=Exchange)
async def after_page(ctx: ProbeContext, exchange: Exchange) -> None:
    if _has_failed(ctx, exchange):
        await _read_programs(ctx)


@probe(after=PageFileResponse)
async def after_file(ctx: ProbeContext, response: PageFileResponse) -> None:
    if (response.status or 0) >= 400:
        await _read_programs(ctx)


@probe(after=NginxConfig)
async def after_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    await _look_late(ctx)


@probe(after=WebServerConfig)
async def after_web_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _look_late(ctx)


@probe(after=Listeners)
async def after_listeners(ctx: ProbeContext, listeners: Listeners) -> None:
    await _look_late(ctx)


def _has_failed(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Return whether the page failed, or redirects to what the site does not have."""
    status = exchange.status or 0
    is_end = exchange.redirected_from is not None and exchange.port == ctx.target.port
    return (exchange.is_page_of(ctx.target) and status >= 500) or (is_end and status == 404)


async def _look_late(ctx: ProbeContext) -> None:
    """Look at what failed before it was known where the page leads, and at ports that are
    shared."""
    if any(_has_failed(ctx, exchange) for exchange in ctx.observed(Exchange)) or any(
        (response.status or 0) >= 400 for response in ctx.observed(PageFileResponse)
    ):
        await _read_programs(ctx)
        return
    for listeners in ctx.observed(Listeners):
        shared = {str(port) for port in shared_ports(listeners)}
        await _read_programs(ctx, shared)


async def _read_programs(ctx: ProbeContext, only: set[str] | None = None) -> None:
    """Look once at each endpoint on which something listens that is no web server."""
    for endpoint in application_endpoints(ctx):
        is_wanted = only is None or endpoint in only
        if is_wanted and ctx.further_requests.begin(f"the programs of {endpoint}"):
            await _read(ctx, endpoint)


def shared_ports(listeners: Listeners) -> set[int]:
    """Return the ports at which two processes listen at one address. The proxies of a container
    engine are left out."""
    holders: dict[tuple[str, int], set[int]] = {}
    for socket in listeners.sockets:
        if socket.pid is not None and (socket.process or "") not in CONTAINER_PROCESSES:
            holders.setdefault((socket.address, socket.port), set()).add(socket.pid)
    return {port for (_, port), pids in holders.items() if len(pids) > 1}


async def _read(ctx: ProbeContext, endpoint: str) -> None:
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", endpoint)
    programs = parse_programs(result.out).get(endpoint, ())
    if not programs:
        return
    port = whole_number(endpoint)
    sockets = f"ss -ltnp 'sport = :{port}'" if port is not None else "ss -lxp"
    pid = programs[0].pid
    ctx.emit(
        RunningPrograms(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=f"{sockets}; ls -l /proc/{pid}/cwd /proc/{pid}/exe; ps -o lstart= -p {pid}",
            endpoint=endpoint,
            programs=programs,
        )
    )
