"""Scenarios of upstream.sessions-not-shared, after issue 1018 of alibaba/druid: nobody can log in
since nginx shares requests between two servers."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
GROUP = "upstream desk {{\n{}  server 127.0.0.1:3001;\n  server 127.0.0.1:{};\n}}\n"


def two_servers(lab: Lab, method: str = "", second: int = 3002) -> None:
    """The site's pages come from two servers; each has its own sessions."""
    for port in (3001, 3002):
        lab.spawn(
            lab.server, lab.server.application("addressed_server", "session", str(port)), port
        )
    lab.edit(site.MAP, site.MAP + GROUP.format(method, second))
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "desk"))


@scenario(outside=None, server="upstream.sessions-not-shared", differs=(site.CONF,))
def sessions_of_two_servers_that_take_turns(lab: Lab) -> None:
    two_servers(lab)


@healthy()
def visitors_stay_at_one_of_two_servers(lab: Lab) -> None:
    two_servers(lab, "  ip_hash;\n")


@healthy()
def servers_that_take_turns_share_their_sessions(lab: Lab) -> None:
    """Both lines of the group lead to one process, as with a store of sessions for both."""
    two_servers(lab, second=3001)
