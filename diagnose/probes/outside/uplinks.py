"""Whether this machine has a route to the Internet at all.

Checked after DNS queries failed, to distinguish this machine's fault from the resolver's. Nothing
is sent.
"""

import shlex

from diagnose.model.tcp import Uplink
from diagnose.net import resolvconf
from diagnose.probes import ProbeContext

#: a.root-servers.net: Internet addresses to which a route is looked up. Nothing is sent.
ROOT_SERVERS = {4: "198.41.0.4", 6: "2001:503:ba3e::2:30"}


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
