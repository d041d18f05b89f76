"""Scenarios of server.accept-compared-whole."""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

TYPE, PATTERN = "application/activity+json", r"application/activity\+json"
TOLD = (f"curl -H 'Accept: {TYPE}, text/html;q=0.1' https://{site.NAME}/ answers HTML",)
WEIGHED = (f"curl -H 'Accept: {TYPE};q=0.9, */*;q=0.1' https://{site.NAME}/ answers HTML",)
CHECK = "server.accept-compared-whole"


def _data(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/"), 3001)


def _haproxy(lab: Lab, comparison: str) -> None:
    _data(lab)
    rules = f"    acl data {comparison}\n    use_backend data if data\n    default_backend"
    text = haproxy.SITE.replace("    default_backend", rules)
    haproxy.serve(lab, f"{text}\nbackend data\n    server data1 127.0.0.1:3001\n")


def _apache(lab: Lab, pattern: str) -> None:
    _data(lab)
    rules = (
        f"    RewriteEngine On\n    RewriteCond %{{HTTP_ACCEPT}} {pattern}\n"
        "    RewriteRule ^/(.*)$ http://127.0.0.1:3001/$1 [P,L]\n    ProxyPass /ws"
    )
    text = apache.HTTPS.replace("    ProxyPass /ws", rules, 1)
    apache.serve(lab, f"{text}\n{apache.HTTP}")


def _caddy(lab: Lab, matcher: str) -> None:
    _data(lab)
    lines = f"{matcher}\n\treverse_proxy @data 127.0.0.1:3001\n\treverse_proxy"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy", lines, 1))


@haproxy_scenario(outside=None, server=CHECK, args=TOLD, differs=(haproxy.CONFIG,))
def accept_compared_by_haproxy(lab: Lab) -> None:
    _haproxy(lab, f"req.fhdr(accept) -i {TYPE}")


@haproxy_scenario(outside=None, server=CHECK, args=WEIGHED, differs=(haproxy.CONFIG,))
def accept_with_a_weight_compared_by_haproxy(lab: Lab) -> None:
    _haproxy(lab, f"hdr(accept) -i {TYPE}")


@healthy_haproxy(args=TOLD)
def accept_in_the_list_of_haproxy(lab: Lab) -> None:
    """hdr() is each value of the list."""
    _haproxy(lab, f"hdr(accept) -i {TYPE}")


@apache_scenario(outside=None, server=CHECK, args=TOLD, differs=FILES)
def accept_compared_by_apache(lab: Lab) -> None:
    _apache(lab, f"^{PATTERN}$")


@healthy_apache(args=TOLD)
def accept_looked_for_by_apache(lab: Lab) -> None:
    _apache(lab, PATTERN)


@caddy_scenario(outside=None, server=CHECK, args=TOLD, differs=(caddy.CONFIG,))
def accept_compared_by_caddy(lab: Lab) -> None:
    _caddy(lab, f"\t@data header Accept {TYPE}")


@caddy_scenario(outside=None, server=CHECK, args=TOLD, differs=(caddy.CONFIG,))
def accept_compared_in_a_block_of_caddy(lab: Lab) -> None:
    _caddy(lab, f"\t@data {{\n\t\theader Accept {TYPE}\n\t}}")


@healthy_caddy(args=TOLD)
def accept_looked_for_by_caddy(lab: Lab) -> None:
    _caddy(lab, f"\t@data header Accept *{TYPE}*")
