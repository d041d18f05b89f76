"""What stands in the way of the start of Caddy or HAProxy, where its journal names a port, a path
or an address. Looked at only for a server that does not run."""

import posixpath
import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.services import StartObstacle
from diagnose.model.web_servers import WebServer
from diagnose.parsers.linux.start_obstacles import (
    Obstacle,
    ObstacleDetails,
    obstacle_of,
    parse_details,
)
from diagnose.probes import ProbeContext
from diagnose.probes.inside.site_names import site_names
from diagnose.probes.inside.unit_corrections import emit_correction

SCRIPT = read_script(__file__.replace("/web_servers/", "/"), "start_obstacles.sh")

#: Seconds for what the server shows of it.
PATIENCE = 6.0


async def emit_obstacle(ctx: ProbeContext, server: WebServer) -> None:
    """Emit what the last start met, once for each server."""
    known = {start_obstacle.product for start_obstacle in ctx.observed(StartObstacle)}
    if not server.unit or server.foreign or server.product in known:
        return
    obstacle = obstacle_of(server.complaint)
    if obstacle is None and server.product == "caddy" and not server.complaint:
        obstacle = Obstacle("command")
    if obstacle is None:
        return
    at = ctx.elapsed()
    words = _words(obstacle)
    argv = ("sh", "-c", SCRIPT, "sh", f"{server.unit}.service", *words)
    result = await ctx.machine.run(*argv, timeout=PATIENCE)
    details = parse_details(result.out)
    if obstacle.kind == "command" and not details.command:
        return
    if obstacle.kind == "low-port":
        await emit_correction(ctx, server.unit, "port")
    is_unused = obstacle.kind == "tcp-port" and await _is_unused(ctx, details)
    ctx.emit(
        StartObstacle(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=f"journalctl -u {shlex.quote(server.unit)} -n 20 --no-pager",
            product=server.product,
            unit=server.unit,
            obstacle=obstacle.kind,
            message=server.complaint,
            path=obstacle.path,
            address=obstacle.address,
            port=obstacle.port,
            process=details.process,
            pid=details.pid,
            holder=details.holder,
            is_unused=is_unused,
            user=details.user,
            group=details.group,
            owner=details.owner,
            owner_group=details.owner_group,
            mode=details.mode,
            is_folder=details.is_folder,
            bounds=details.bounds,
            setting=details.setting,
            virtual=details.virtual,
            command=details.command,
        )
    )


def _words(obstacle: Obstacle) -> tuple[str, str]:
    """Return the words of the script that look at an obstacle."""
    match obstacle.kind:
        case "udp-port":
            return "udp", str(obstacle.port)
        case "admin-port" | "tcp-port" | "low-port":
            return "tcp", str(obstacle.port)
        case "address":
            return "address", obstacle.address
        case "socket-folder":
            return "path", posixpath.dirname(obstacle.path)
        case "chroot":
            return "chroot", obstacle.path
        case "file" | "folder":
            return "path", obstacle.path
        case "command":
            return "command", ""


async def _is_unused(ctx: ProbeContext, details: ObstacleDetails) -> bool:
    """Return whether a program that has a port is a web server without a site: that of a package
    which was only installed. A site may have no name."""
    process = details.process
    if details.is_used:
        return False
    if process == "nginx":
        from diagnose.probes.inside.site_discovery import find_sites

        return not await find_sites(ctx.machine)
    products = {"apache2": "apache", "httpd": "apache", "caddy": "caddy"}
    product = products.get(process)
    return product is not None and not await site_names(ctx.machine, (product,))
