"""Where a redirect leads to a name that no server block has, and the default block, that of another
site, answers."""

from checks.nginx import Nginx
from checks.nginx._default_blocks import has_pages
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import is_related_host, parse_url


def foreign_block(nginx: Nginx, onward: str) -> Server | None:
    """Return the block that answers for the destination, if it has names of other sites alone and
    other pages than the target's own block; None if the destination is no name of this site. A
    `default_server` with an application may be meant for the names of all customers: only a message
    shows that it is not."""
    url, host = parse_url(onward), nginx.evidence.target.host
    if url is None or is_address(url.host) or not is_related_host(host, url.host):
        return None
    own = next((each for each in nginx.servers if host in each.names and has_pages(each)), None)
    sockets = nginx.reachable_sockets(url.port)
    chosen = [server_blocks.select_server(socket, url.host) for socket in sockets]
    if own is None or not chosen or any(kind != "default" for _, kind in chosen):
        return None
    server = chosen[0][0]
    names = [name for name in server.names if "." in name.strip(".")]
    is_foreign = names and not any(is_related_host(host, name) for name in names)
    is_alone = all(each.block is server.block for each, _ in chosen)
    if not is_foreign or not is_alone or not has_pages(server) or pages_of(server) == pages_of(own):
        return None
    symptom = nginx.evidence.target.symptom
    is_told = symptom is not None and symptom.kind == "wrong-site"
    return None if _takes_all_names(server) and not is_told else server


def _takes_all_names(server: Server) -> bool:
    is_default = any(listen.default for listen in server.listens)
    return is_default and pass_directive_of(select_location(server, "/")) is not None


def pages_of(server: Server) -> tuple[tuple[str, ...], ...]:
    """Return what a block serves its pages from: the folder, and the application."""
    match = select_location(server, "/")
    passing, root = pass_directive_of(match), match.directive("root")
    scripts = [
        line.args
        for location in children(server.block, "location")
        for line in children(location, "fastcgi_pass")
    ]
    return (passing.args if passing else (), root.args if root else (), *scripts)
