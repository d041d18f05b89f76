"""A name of a site of Caddy's that is misspelled."""

from .. import caddy, certificates
from ..caddy import KEY, PEM, SHOP
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy

NOBODY = f'*.example.com {{\n\ttls {PEM} {KEY}\n\trespond "no such site" 404\n}}\n'


def serve(lab: Lab, text: str) -> None:
    """Sites with a certificate for all names below example.com."""
    caddy.install(lab, text)
    every = certificates.leaf("*.example.com")
    lab.server.write(PEM, every.chain)
    lab.server.write(KEY, every.key_pem, 0o600)
    caddy.start(lab)


@caddy_scenario(outside=None, server="server.wrong-site", differs=(caddy.CONFIG,))
def caddy_wildcard_hides_a_misspelled_site(lab: Lab) -> None:
    """`shopp.example.com` beside `*.example.com`, which answers 404."""
    serve(lab, NOBODY + SHOP.replace("shop.example.com", "shopp.example.com"))


@caddy_scenario(outside="http.server-error", server="server.wrong-site", differs=(caddy.CONFIG,))
def caddy_wildcard_ends_the_connection(lab: Lab) -> None:
    text = NOBODY.replace('respond "no such site" 404', "abort")
    serve(lab, text + SHOP.replace("shop.example.com", "sohp.example.com"))


@healthy_caddy()
def caddy_wildcard_beside_the_site(lab: Lab) -> None:
    serve(lab, NOBODY + SHOP + SHOP.replace("shop.example.com", "shops.example.com"))


@caddy_scenario(outside="http.page-refused", server="server.wrong-site", differs=(caddy.CONFIG,))
def caddy_wildcard_answers_https_of_a_site_for_http(lab: Lab) -> None:
    """After https://caddyserver.com/docs/caddyfile/concepts#addresses: `http://` puts a site on
    port 80 alone."""
    serve(lab, NOBODY + "http://shop.example.com {\n\treverse_proxy 127.0.0.1:3000\n}\n")
