"""The context paths of the application behind a route, if it is a program of this server: as its
settings name them, and what it wrote when it started."""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.program_logs import ServedAddress
from diagnose.model.server import Interface
from diagnose.parsers.context_paths import NamedPaths, parse_named_paths
from diagnose.probes import ProbeContext
from diagnose.probes.inside.upstream_routes import UpstreamRoute

SCRIPT = read_script(__file__, "context_paths.sh")

#: Seconds. Settings in a large jar are read in less than one.
PATIENCE = 3.0


async def read_context_paths(ctx: ProbeContext, route: UpstreamRoute) -> NamedPaths:
    """Return the prefixes below which the program on the route's port may serve its paths; none for
    another machine or a Unix socket. Emit what it says about paths that are not asked for."""
    endpoint = next(iter(route.upstream.endpoints), None)
    if endpoint is None or endpoint.socket:
        return NamedPaths()
    own = {address for nic in ctx.observed(Interface) for address in nic.addresses}
    if not is_local_host(endpoint.host) and endpoint.host not in own:
        return NamedPaths()
    at = ctx.elapsed()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", str(endpoint.port), timeout=PATIENCE)
    paths = parse_named_paths(result.out)
    known = {(each.port, each.words) for each in ctx.observed(ServedAddress)}
    for words in paths.templates:
        if (endpoint.port, words) not in known:
            ctx.emit(
                ServedAddress(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=result.took,
                    equivalent=f"journalctl -b -o cat | grep -F {shlex.quote(words)}",
                    port=endpoint.port,
                    words=words,
                )
            )
    return paths
