"""Reads Tomcat's server.xml where Apache asks a port of this machine with AJP, nothing listens
there, and visitors get an error. Only the lines of the connector are kept (docs/adr/0092)."""

import posixpath

from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.applications import ReadSetting
from diagnose.model.server import Listeners
from diagnose.model.web_servers import SiteRoute, WebServerConfig
from diagnose.parsers.web_sites import routes_of_name
from diagnose.probes import ProbeContext

#: The argument by which each Tomcat names its folder (catalina.sh).
_BASE = "-Dcatalina.base="
#: Seconds for the script.
PATIENCE = 5.0


async def emit_ajp_connector(ctx: ProbeContext, listeners: Listeners, script: str) -> None:
    """Emit the connector of a port that is asked with AJP in vain, once for each; the page has
    failed. `script` is program_place.sh with what it needs."""
    target = ctx.target
    for config in ctx.observed(WebServerConfig):
        path = target.path_without_query
        for route in routes_of_name(config, target.port, target.host, path):
            is_ajp = route.scheme == "ajp" and is_local_host(route.host)
            is_down = is_ajp and not listeners.on(route.port)
            if is_down and ctx.further_requests.begin(f"the AJP connector of {route.port}"):
                await _read(ctx, route, script)


async def _read(ctx: ProbeContext, route: SiteRoute, script: str) -> None:
    # Imported late: few sites have such an application.
    from diagnose.parsers.ajp_connectors import PORT, ajp_change, http_port
    from diagnose.parsers.header_sizes import SizeLine
    from diagnose.parsers.program_place import argument_value, parse_place
    from diagnose.parsers.read_settings import is_plain
    from diagnose.probes.inside.own_setting_files import MAX_FILE

    result = await ctx.machine.run("sh", "-c", script, "sh", f"@{_BASE}", timeout=PATIENCE)
    place = parse_place(result.out)
    base = argument_value(place.words, _BASE.rstrip("=")) or ""
    if not place.pid or place.container or not base.startswith("/"):
        return
    file = await ctx.machine.read(posixpath.join(base, "conf/server.xml"), MAX_FILE)
    if file.failure is not None:
        return
    line = ajp_change(file.text, route.port, route.host)
    other = 0 if line is not None else http_port(file.text, route.port)
    if line is None and not other:
        return
    line = line or SizeLine(PORT, 0, "", "")
    is_shown = is_plain(line.line)
    ctx.emit(
        ReadSetting(
            vantage=Vantage.SERVER, at=ctx.elapsed(), application="program",
            topic="ajp-connector", key=line.key, values=(str(other),) if other else (),
            file=file.real or posixpath.join(base, "conf/server.xml"), number=line.number,
            line=line.line if is_shown else "", new=line.new if is_shown else "",
            process=place.process, unit=place.unit,
        )
    )  # fmt: skip
