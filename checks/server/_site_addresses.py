"""On which addresses a web server has its sites, and whether any connection gets there."""

import re

from checks.server import ServerView, line_edit, line_text, manual_fix, reload_steps
from checks.server._sites_beside import content_of, exact_sites
from diagnose.model import Applicability, Fix
from diagnose.model.addresses import is_loopback
from diagnose.model.web_servers import WebSite
from diagnose.parsers.hostnames import is_address


def own_addresses(view: ServerView) -> set[str]:
    """Return the addresses of this machine, where Apache compares with them; an empty set where it
    is in a container, which has others."""
    if view.server.container or view.server.product != "apache":
        return set()
    # Imported late: few servers are Apache.
    from diagnose.model.server import server_addresses

    return set(server_addresses(view.evidence))


def is_absent(site: WebSite, port: int, own: set[str]) -> bool:
    """Return whether a site is on addresses alone that this machine does not have, as the public
    one of a cloud that translates addresses: no connection ever gets there."""
    addresses = {socket.address for socket in site.sockets if socket.port == port}
    is_known = bool(own and addresses) and all(map(is_address, addresses))
    return is_known and not addresses & own and not any(map(is_loopback, addresses))


def absent_site(view: ServerView, answering: WebSite, own: set[str]) -> WebSite | None:
    """Return the site of exactly this name that is on no address of this machine."""
    target, config = view.evidence.target, view.config
    for site in exact_sites(config.sites, target.host) if config else ():
        if is_absent(site, target.port, own):
            return site if content_of(site) != content_of(answering) else None
    return None


def is_loopback_only(site: WebSite, port: int) -> bool:
    addresses = [socket.address for socket in site.sockets if socket.port == port]
    return all(is_address(address) and is_loopback(address) for address in addresses)


def address_fix(view: ServerView, site: WebSite, step: str) -> Fix:
    """Put a site on every address, so that the names decide."""
    line, port = line_text(view, site.file, site.line), view.evidence.target.port
    match = re.fullmatch(r"(?i)(\s*<VirtualHost\s+)[^\s>]+(\s*>\s*)", line)
    edit = (
        line_edit(view, site.file, {site.line: (f"{match[1]}*:{port}{match[2]}",)})
        if match
        else None
    )
    if edit is None:
        return manual_fix(view, step)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
