"""An address with http is asked for; its redirect leads to https, where visitors get no page."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import healthy, scenario

TARGET = f"http://{site.NAME}/"


@scenario(outside="http.redirect-to-error", target=TARGET, manual="a person asks about that page")
def http_leads_to_https_that_nobody_serves(lab: Lab) -> None:
    """The block for https was taken away, and the redirect stayed."""
    lab.server.write(site.CONF, site.HTTP)
    lab.restart_nginx()


@scenario(outside="http.redirect-to-error", target=TARGET, manual="a person asks about that page")
def http_leads_to_an_expired_certificate(lab: Lab) -> None:
    issued = certificates.leaf(ends=-3)
    lab.install(issued.chain, issued.key_pem)


@healthy(target=TARGET)
def http_leads_to_https_that_works(lab: Lab) -> None:
    """The laboratory's own site, asked for with http."""
