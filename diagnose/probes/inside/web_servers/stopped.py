"""Looks for the web server that is to listen where nginx passes requests on, and does not run:
Apache behind nginx, as panels set both up."""

import shlex

from diagnose.model import Vantage
from diagnose.model.addresses import is_local_host
from diagnose.model.backends import StoppedBackend
from diagnose.model.nginx import UpstreamTry
from diagnose.model.server import Listeners
from diagnose.probes import ProbeContext
from diagnose.probes.inside.web_servers.choice import stopped_servers
from diagnose.probes.inside.web_servers.processes import Candidate, InstalledServers
from diagnose.probes.inside.web_servers.readers import PRODUCTS, reader_of

#: Maximum number of servers that are read.
_MAX_READ = 3

_ALL = frozenset({"", "*", "0.0.0.0", "::"})


def is_question(ctx: ProbeContext, attempt: UpstreamTry, listeners: Listeners) -> bool:
    """Return whether the address is this machine's; once for each port."""
    own = {socket.address for socket in listeners.sockets}
    is_own = is_local_host(attempt.host) or attempt.host in own
    return is_own and ctx.further_requests.begin(f"stopped servers {attempt.port}")


async def observe_stopped(
    ctx: ProbeContext, attempt: UpstreamTry, servers: InstalledServers
) -> None:
    """Emit the first of the servers that is to listen there."""
    for candidate in list(stopped_servers(servers, is_sought=True))[:_MAX_READ]:
        if await _observe(ctx, attempt, candidate):
            return


async def _observe(ctx: ProbeContext, attempt: UpstreamTry, candidate: Candidate) -> bool:
    at, reader = ctx.elapsed(), reader_of(PRODUCTS[candidate.name])
    server = await reader.describe(ctx, candidate)
    config = await reader.read_config(ctx, server) if server else None
    if server is None or config is None or server.foreign:
        return False
    sockets = (socket for socket in config.listens if socket.port == attempt.port)
    is_local = is_local_host(attempt.host)
    socket = next(
        (
            socket
            for socket in sockets
            if socket.address in _ALL
            or (is_local_host(socket.address) if is_local else socket.address == attempt.host)
        ),
        None,
    )
    if socket is None:
        return False
    test = await reader.run_test(ctx, server)
    ctx.emit(
        StoppedBackend(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=shlex.join(server.test),
            title=server.title,
            target=attempt.target,
            host=attempt.host,
            port=attempt.port,
            place=f"{attempt.file}:{attempt.line}" if attempt.file else "",
            file=socket.file or config.path,
            line=socket.line,
            enabled=server.enabled,
            masked=server.masked,
            complaint=server.complaint,
            message=test.message if test and not test.passed else "",
            error_file=test.file if test and not test.passed else "",
            error_line=test.line if test and not test.passed else 0,
            test=server.test,
            start=server.start,
            stop=server.stop,
        )
    )
    return True
