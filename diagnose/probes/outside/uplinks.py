"""Whether this machine has a route to the Internet at all.

Checked after DNS queries failed, to distinguish this machine's fault from the resolver's. Nothing
is sent.
"""

import shlex

from diagnose.model.addresses import ROOT_SERVERS
from diagnose.model.tcp import Uplink
from diagnose.net import resolvconf
from diagnose.probes import ProbeContext


def emit_uplinks(ctx: ProbeContext) -> None:
    """Emit, for each family, whether this machine has a route to the Internet."""
    links = resolvconf.links()
    for family, root in ROOT_SERVERS.items():
        route = ctx.net.way_to(root)
        ctx.emit(
            Uplink(
                at=ctx.elapsed(),
                family=family,
                towards=root,
                source=route.source,
                failure=route.failure,
                links=tuple(name for name, _ in links),
                links_up=tuple(name for name, up in links if up),
                equivalent=shlex.join(("ip", "route", "get", root)),
            )
        )
