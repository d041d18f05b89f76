"""Whether this machine has a way to the Internet at all. Looked for after names could not be asked
for, to tell its own fault from the resolver's. Nothing is sent."""

import shlex

from diagnose.model.tcp import Uplink
from diagnose.net import resolvconf
from diagnose.probes import Look

#: a.root-servers.net, an address of the Internet to which a way is looked for. Nothing is sent.
ROOT = {4: "198.41.0.4", 6: "2001:503:ba3e::2:30"}


def see_uplinks(look: Look) -> None:
    """Whether this machine gets anywhere at all, which tells its own fault from the resolver's."""
    links = resolvconf.links()
    for family, root in ROOT.items():
        way = look.net.way_to(root)
        look.see(
            Uplink(
                at=look.now(),
                family=family,
                towards=root,
                source=way.source,
                failure=way.failure,
                links=tuple(name for name, _ in links),
                links_up=tuple(name for name, up in links if up),
                equivalent=shlex.join(("ip", "route", "get", root)),
            )
        )
