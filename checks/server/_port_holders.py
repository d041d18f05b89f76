"""What visitors get from a program that holds the port of the site's own server."""

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.tls import Certificate, served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx.server_blocks import select_server, servers, sockets
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.web_sites import answering_sites, has_name


def served_leaves(evidence: Evidence) -> list[Certificate]:
    """Return the certificates that visitors get on the target's port."""
    port = evidence.target.port
    served = served_certificates(evidence, lambda handshake: handshake.port == port)
    return [certificate.leaf for certificate in served]


def stray_pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the target's pages that are those of a package that was just installed."""
    pages = page_exchanges(evidence)
    return tuple(page for page in pages if is_default_page(page.status, page.body))


def site_pages(evidence: Evidence) -> tuple[Exchange, ...]:
    """Return the target's pages that are those of some site: what an image or a package brings
    along has pages of its own, and Caddy answers an unknown name with 200 and nothing."""
    return tuple(
        page
        for page in page_exchanges(evidence)
        if page.failure is None
        and 200 <= (page.status or 0) < 400
        and page.body.strip()
        and not is_default_page(page.status, page.body)
    )


def is_of_holder(evidence: Evidence) -> bool:
    """Return whether visitors get what is not the site's: the certificate of another name, or the
    page of a package. Who shows a page of its own with the site's certificate may have taken the
    site over."""
    leaves, host = served_leaves(evidence), evidence.target.host
    is_ours = any(covers(host, leaf.dns_names, leaf.addresses) for leaf in leaves)
    return bool(leaves) and (not is_ours or bool(stray_pages(evidence)))


def holder_has_site(evidence: Evidence) -> bool:
    """Return whether the program on the port has the site too."""
    target = evidence.target
    running = {server.product for server in evidence.good(WebServer) if server.pid is not None}
    for config in evidence.good(WebServerConfig):
        sites = answering_sites(config, target.port, target.host)
        if config.product in running and any(has_name(site, target.host) for site in sites):
            return True
    nginx = Nginx.of(evidence)
    if nginx.state is None or not nginx.master or nginx.config is None:
        return False
    own = sockets(servers(nginx.config.main), target.port)
    return any(select_server(socket, target.host)[1] != "default" for socket in own)
