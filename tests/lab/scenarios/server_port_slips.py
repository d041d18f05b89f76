"""A digit of the port is wrong in the line of a site: nobody listens where visitors come."""

from .. import apache, haproxy
from ..apache import HTTP, HTTPS
from ..haproxy import SITE
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .haproxy import haproxy_scenario, healthy_haproxy


@apache_scenario(outside="tls.plain-http", server="server.tls-off", differs=(apache.SITE,))
def apache_has_the_site_on_444(lab: Lab) -> None:
    """`Listen 443` stays, and the main server answers there in plain HTTP."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(":443>", ":444>"))


@apache_scenario(outside=None, server="server.wrong-site", differs=(apache.SITE,))
def apache_has_the_site_on_444_and_another_on_443(lab: Lab) -> None:
    """The other site answers with a page, and with a certificate that has this name as well."""
    lines = HTTPS.replace("shop.example.com", "blog.example.com").splitlines(keepends=True)
    other = "".join(line for line in lines if "Proxy" not in line)
    lab.server.write("/var/www/html/index.html", "<title>Blog</title><p>The blog.</p>\n")
    apache.serve(lab, f"{other}\n{HTTPS.replace(':443>', ':444>')}\n{HTTP}")


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


@haproxy_scenario(outside="http.port-closed", server="http.port-closed", differs=(haproxy.CONFIG,))
def haproxy_binds_81(lab: Lab) -> None:
    haproxy.serve(lab, SITE.replace("bind :80", "bind :81"), 81, 443)


@healthy_haproxy()
def haproxy_binds_81_beside_80(lab: Lab) -> None:
    """A second port, which a balancer may ask."""
    haproxy.serve(lab, SITE.replace("bind :80", "bind :80\n    bind :81"), 80, 81, 443)


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.application-down",
    args=("--ws", "/ws"),
    differs=(apache.SITE,),
)
def apache_passes_the_websocket_to_3001(lab: Lab) -> None:
    """The pages come, from the same program."""
    rules = "RewriteEngine On\n    RewriteCond %{HTTP:Upgrade} websocket [NC]\n    "
    rule = f"{rules}RewriteRule ^/ws$ ws://127.0.0.1:3001/ws [P,L]"
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace("ProxyPass /ws ws://127.0.0.1:3000/ws", rule))
