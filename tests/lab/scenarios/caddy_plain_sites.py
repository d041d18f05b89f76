"""Caddy has a site of its own for port 80, so that it makes no redirect by itself."""

from .. import caddy
from ..caddy import SHOP
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy

PLAIN = "http://shop.example.com {\n\tfile_server\n}\n"


@caddy_scenario(
    outside="http.no-redirect", server="server.redirect-missing", differs=(caddy.CONFIG,)
)
def caddy_shows_the_page_without_tls(lab: Lab) -> None:
    lab.server.write("/var/www/plain/index.html", "<title>Shop</title><p>Our shop.</p>\n")
    block = PLAIN.replace("file_server", "root * /var/www/plain\n\tfile_server")
    caddy.serve(lab, f"{SHOP}\n{block}")


@healthy_caddy()
def caddy_redirects_in_a_site_of_its_own(lab: Lab) -> None:
    caddy.serve(lab, f"{SHOP}\n{PLAIN.replace('file_server', 'redir https://{host}{uri}')}")
