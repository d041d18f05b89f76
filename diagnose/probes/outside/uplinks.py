"""Whether this machine has a way to the Internet at all. Looked for after names could not be asked
for, to tell its own fault from the resolver's. Nothing is sent."""

import shlex

from diagnose.model.tcp import Uplink
from diagnose.net import resolvconf
from diagnose.probes import ProbeContext

#: a.root-servers.net, an address of the Internet to which a way is looked for. Nothing is sent.
ROOT_SERVERS = {4: "198.41.0.4", 6: "2001:503:ba3e::2:30"}


def emit_uplinks(ctx: ProbeContext) -> None:
    """Whether this machine gets anywhere at all, which tells its own fault from the resolver's."""
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
