"""The context paths of the application behind a route, if it is a Java program of this server."""

from diagnose.machine.script_files import read_script
from diagnose.model.addresses import is_local_host
from diagnose.model.server import Interface
from diagnose.parsers.context_paths import context_paths
from diagnose.probes import ProbeContext
from diagnose.probes.inside.upstream_routes import UpstreamRoute

SCRIPT = read_script(__file__, "context_paths.sh")

#: Seconds. Settings in a large jar are read in less than one.
PATIENCE = 3.0


async def read_context_paths(ctx: ProbeContext, route: UpstreamRoute) -> tuple[str, ...]:
    """Return the prefixes below which the program on the route's port may serve its paths; () for
    another machine or a Unix socket."""
    endpoint = next(iter(route.upstream.endpoints), None)
    if endpoint is None or endpoint.socket:
        return ()
    own = {address for nic in ctx.observed(Interface) for address in nic.addresses}
    if not is_local_host(endpoint.host) and endpoint.host not in own:
        return ()
    result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", str(endpoint.port), timeout=PATIENCE)
    return context_paths(result.out)
