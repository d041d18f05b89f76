"""A digit of the port is wrong in the line of a site: nobody listens where visitors come."""

from .. import apache, haproxy
from ..apache import HTTP, HTTPS
from ..haproxy import SITE
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .haproxy import haproxy_scenario


@apache_scenario(outside="tls.plain-http", server="server.tls-off", differs=(apache.SITE,))
def apache_has_the_site_on_444(lab: Lab) -> None:
    """`Listen 443` stays, and the main server answers there in plain HTTP."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(":443>", ":444>"))


@apache_scenario(
    outside="http.no-redirect", server="server.redirect-missing", differs=(apache.SITE,)
)
def apache_has_the_redirect_on_81(lab: Lab) -> None:
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(":80>", ":81>"))


@haproxy_scenario(outside="tcp.refused", server="server.port-not-served", differs=(haproxy.CONFIG,))
def haproxy_binds_444(lab: Lab) -> None:
    haproxy.serve(lab, SITE.replace("bind :443", "bind :444"), 80, 444)


@healthy_apache()
def apache_has_a_site_more_on_a_port_without_listen(lab: Lab) -> None:
    """Left over from a trial, and nobody asks for it."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}\n{HTTPS.replace(':443>', ':444>')}")
