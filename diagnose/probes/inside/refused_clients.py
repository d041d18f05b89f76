"""Reads in the access log of Apache, Caddy or HAProxy whom the target's page is refused."""

from diagnose.model import Vantage
from diagnose.model.addresses import is_loopback
from diagnose.model.visitor import RefusedClients
from diagnose.parsers.failed_requests import is_of_site
from diagnose.parsers.hostnames import is_address
from diagnose.probes import ProbeContext
from diagnose.probes.inside.log_texts import LoggedSite, command, read_logs
from diagnose.probes.inside.logged_requests import RECENT_SECONDS

FORBIDDEN = 403
#: Maximum number of addresses that are kept.
MAX_CLIENTS = 8


async def observe_refused_clients(ctx: ProbeContext, site: LoggedSite) -> bool:
    """Emit the addresses that were refused, of each log; return whether a log was read."""
    texts = await read_logs(ctx, site)
    if texts is None:
        return False
    since = max(texts.clock - RECENT_SECONDS, int(site.loaded))
    own_path = ctx.target.path_without_query
    for path, lines in texts.visitors_lines(ctx, site):
        own = [
            line
            for line in lines
            if line.when >= since and line.path == own_path and is_address(line.client)
            if not is_loopback(line.client)
            if is_of_site(line, site.names, path in site.shared, False)
        ]
        refused = [line for line in own if line.status == FORBIDDEN]
        if refused:
            admitted = [line.client for line in own if line.status < 400]
            ctx.emit(
                RefusedClients(
                    vantage=Vantage.SERVER,
                    at=texts.at,
                    took=texts.took,
                    equivalent=command(ctx, site, path),
                    file=path,
                    path=own_path,
                    clients=tuple(dict.fromkeys(line.client for line in refused))[-MAX_CLIENTS:],
                    admitted=tuple(dict.fromkeys(admitted))[-MAX_CLIENTS:],
                    written=refused[-1].written,
                    server=site.server,
                )
            )
    return True
