"""An address with http is asked for; its redirect leads to https, where visitors get no page."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .firewall import firewalld
from .websocket import CONNECTION, UPGRADE

PERSON = "a person writes the site again"
AUTHORITY = "a new certificate comes from an authority"
STARTED = "the application is started by its own service"
TARGET = f"http://{site.NAME}/"


@scenario(outside="tcp.refused", server="listener.missing", target=TARGET, manual=PERSON)
def http_leads_to_https_that_nobody_serves(lab: Lab) -> None:
    """The block for https was taken away, and the redirect stayed."""
    lab.server.write(site.CONF, site.HTTP)
    lab.restart_nginx()


@scenario(outside="certificate.expired", target=TARGET, manual=AUTHORITY)
def http_leads_to_an_expired_certificate(lab: Lab) -> None:
    issued = certificates.leaf(ends=-3)
    lab.install(issued.chain, issued.key_pem)


@scenario(outside="tcp.rejected-by-host", server="firewall.port-closed", target=TARGET)
def http_leads_to_https_that_the_firewall_closes(lab: Lab) -> None:
    """Port 80 is open, and the redirect works: the http address alone looks healthy."""
    firewalld(lab, "--zone=public --remove-service=https")


@scenario(outside="http.server-error", server="upstream.refused", target=TARGET, manual=STARTED)
def http_leads_to_https_without_its_application(lab: Lab) -> None:
    lab.application_service.stop()


@scenario(
    outside="websocket.not-upgraded",
    server="websocket.upgrade-headers-missing",
    target=TARGET,
    differs=(site.CONF,),
)
def http_leads_to_https_that_drops_websockets(lab: Lab) -> None:
    """The redirect works and the page too: the WebSocket alone is wrong."""
    lab.edit(UPGRADE, "")
    lab.change(CONNECTION, "")


@healthy(target=TARGET, args=("--ws", "/ws"))
def http_leads_to_https_that_works(lab: Lab) -> None:
    """The laboratory's own site, asked for with http."""


@healthy(target=TARGET, args=("--ws", "/ws"))
def http_leads_to_https_that_alone_opens_websockets(lab: Lab) -> None:
    """The application redirects, and no page is left that opens a WebSocket with http."""
    lab.application("--mode", "redirect-to-https")
    passing = "proxy_pass http://127.0.0.1:3000;\n    proxy_set_header Host $http_host;"
    lab.edit("return 301 https://$host$request_uri;", passing)
    lab.reload()


@healthy(target=TARGET, args=("--ws", "/ws"))
def http_leads_to_a_port_of_its_own(lab: Lab) -> None:
    """https is on port 8443, and nothing listens on 443."""
    lab.server.sh("firewall-cmd -q --permanent --add-port=8443/tcp && firewall-cmd -q --reload")
    lab.edit("return 301 https://$host$request_uri;", "return 301 https://$host:8443$request_uri;")
    lab.change("listen 443 ssl", "listen 8443 ssl")


@healthy(target=TARGET)
def http_site_with_an_admin_page_at_https(lab: Lab) -> None:
    """The pages are at http; only /admin is at https, with a certificate that nobody trusts."""
    own = certificates.leaf(issuer="self")
    lab.edit("return 301 https://$host$request_uri;", "proxy_pass http://127.0.0.1:3000;")
    admin = "  location /admin { return 302 https://$host$request_uri; }\n"
    start = "  location /.well-known/acme-challenge/"
    lab.edit(start, f"{admin}{start}")
    lab.install(own.chain, own.key_pem)


@healthy(target=f"{TARGET}.well-known/acme-challenge/token")
def challenge_of_a_site_whose_certificate_has_expired(lab: Lab) -> None:
    """An authority asks with http, and no page of the site is meant."""
    lab.server.write(f"{site.ACME}/token", "token.thumbprint")
    issued = certificates.leaf(ends=-3)
    lab.install(issued.chain, issued.key_pem)
