"""Connections of this server to its own port that go past the machine in front: the hosts file
leads the name to the server's own address, and DNS leads visitors elsewhere."""

from checks.http import _fronts
from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.dns import HostsEntry, Resolution, published_addresses
from diagnose.model.logs import LogLine
from diagnose.model.server import server_addresses


def bypassed_front(nginx: Nginx) -> tuple[HostsEntry, ...]:
    """Return the lines of the hosts file that lead this run past the machine in front; () if there
    may be none: DNS has an address of the server, or one that a router may translate to it."""
    evidence = nginx.evidence
    published = [
        published_address
        for family in (4, 6)
        for published_address in published_addresses(evidence, family) or ()
    ]
    own = set(server_addresses(evidence))
    if not published or not own or not own.isdisjoint(published):
        return ()
    # Who takes visitors' addresses from the header has a machine in front that sends it.
    is_front = reads_header(nginx) or all(_fronts.front_at(evidence, each) for each in published)
    used = {
        address
        for resolution in evidence.good(Resolution)
        if resolution.via == "system"
        for address in resolution.addresses
    }
    entries = tuple(
        entry for entry in evidence.of(HostsEntry) if entry.mine and entry.address in used
    )
    is_all = used <= {entry.address for entry in entries}
    return entries if is_front and is_all else ()


def reads_header(nginx: Nginx) -> bool:
    """Return whether the site takes visitors' addresses from the PROXY protocol's header
    (ngx_http_realip_module)."""
    return any(
        directive.args == ("proxy_protocol",)
        for selected in nginx.selected_servers()
        for directive in selected.server.directives("real_ip_header")
    )


def has_visitors(evidence: Evidence) -> bool:
    """Return whether the error log has requests of others for the target: they came with the
    header."""
    own, host = server_addresses(evidence), evidence.target.host
    return any(
        line.host == host and line.client and line.client not in own
        for line in evidence.of(LogLine)
    )
