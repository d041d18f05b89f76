"""Whether the user as whom systemd starts a web server may read its certificates and keys. Looked
at only for a server that does not run: Caddy and Traefik open these files as that user."""

import re

from diagnose.machine.script_files import read_script
from diagnose.model.files import ServiceFileAccess, StartFileAccess
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import Product, WebServer, WebServerConfig
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext
from diagnose.probes.inside.file_access import access_as, read_access

SCRIPT = read_script(__file__.replace("/web_servers/", "/"), "unit_users.sh")

#: The services of each server's packages.
_UNITS: dict[Product, tuple[str, ...]] = {
    "caddy": ("caddy", "caddy-api"),
    "traefik": ("traefik",),
    "haproxy": ("haproxy",),
    "apache": ("apache2", "httpd"),
}
#: certbot's folder of one certificate.
_LIVE = re.compile(r"((?:/[^/\0]{1,100}){1,8}/live/[^/\0]{1,253})/[a-z]{1,20}\.pem\Z")
#: Maximum number of files that are looked at.
MAX_FILES = 8


@frozen
class UnitUser:
    """As whom a service runs, and its further groups."""

    unit: str
    user: str
    gids: tuple[int, ...] = ()


def parse_unit_user(text: str) -> UnitUser | None:
    """Parse the output of SCRIPT; None for a service of root's, or one that may read any file."""
    unit = re.search(r"^unit (\S{1,100})$", text, re.MULTILINE)
    users = re.findall(r"^User *= *([\w.-]{0,64}) *$", text, re.MULTILINE)
    if unit is None or not users or users[-1] in {"", "root", "0"}:
        return None
    if re.search(r"^AmbientCapabilities *=.*CAP_DAC_", text, re.MULTILINE):
        return None
    gids = re.findall(r"^gid ([0-9]{1,9})$", text, re.MULTILINE)
    numbers = (whole_number(gid) for gid in gids)
    return UnitUser(clean(unit[1]), users[-1], tuple(gid for gid in numbers if gid is not None))


async def emit_start_files(ctx: ProbeContext, server: WebServer, config: WebServerConfig) -> None:
    """Emit what stopped the last start, and the permissions of the files that the server's
    configuration names."""
    # Imported late: few servers do not run.
    from diagnose.probes.inside.web_servers.start_obstacles import emit_obstacle

    await emit_obstacle(ctx, server)
    paths = dict.fromkeys(file.path for site in config.sites for file in site.files)
    if not paths or not ctx.further_requests.begin("the unit's user"):
        return
    units = dict.fromkeys(filter(None, (server.unit, *_UNITS[server.product])))
    await _emit_access(ctx, StartFileAccess, tuple(units), list(paths)[:MAX_FILES])


async def emit_service_file(ctx: ProbeContext, unit: str, path: str) -> None:
    """Emit the permissions of the file that a service may not read by its journal, and of the key
    beside it, which the service would read next."""
    if path and ctx.further_requests.begin(f"the file of {unit}"):
        folder = _LIVE.match(path)
        paths = [path, *([f"{folder[1]}/privkey.pem"] if folder else [])]
        await _emit_access(ctx, ServiceFileAccess, (unit,), list(dict.fromkeys(paths)))


async def _emit_access(
    ctx: ProbeContext,
    kind: type[StartFileAccess | ServiceFileAccess],
    units: tuple[str, ...],
    paths: list[str],
) -> None:
    """Emit the permissions for the user of the first of these services that exists."""
    at = ctx.elapsed()
    user = parse_unit_user((await ctx.machine.run("sh", "-c", SCRIPT, "sh", *units)).out)
    if user is None:
        return
    for access in await read_access(ctx.machine, user.user, "", paths):
        gids = tuple(dict.fromkeys((*access.gids, *user.gids)))
        ctx.emit(access_as(kind, access, at=at, gids=gids, unit=user.unit))
