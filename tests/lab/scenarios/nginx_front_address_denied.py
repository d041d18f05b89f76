"""Scenarios of nginx.front-address-denied. The router plays the CDN, as in `addresses`."""

from .. import site
from ..lab import CLIENT, ROUTER, SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, PASSED_ON, WEBSOCKETS, other_machine

MANUAL = "only the person knows all addresses of the proxy"
NAMES_VISITOR = "\n    proxy_set_header X-Forwarded-For $remote_addr;"
BLOCK = "  server_name shop.example.com;\n"


def _behind(lab: Lab, rules: str) -> None:
    """The site behind a proxy, with these rules in its server block."""
    lab.change(BLOCK, f"{BLOCK}{rules}", site.CONF)
    other_machine(lab, PASSED_ON + WEBSOCKETS + NAMES_VISITOR)
    lab.dns([OTHER])


@scenario(outside=None, server="nginx.front-address-denied", manual=MANUAL)
def office_is_refused_behind_a_proxy(lab: Lab) -> None:
    """After threads about `allow` and `deny` behind Cloudflare: the list has the office, and nginx
    sees the CDN."""
    _behind(lab, f"  allow {CLIENT};\n  allow {SERVER};\n  deny all;\n")


@scenario(outside=None, server="nginx.front-address-denied", manual=MANUAL)
def proxy_is_in_the_block_list(lab: Lab) -> None:
    """After issue 76 of bunkerity/bunkerweb (PROXY_REAL_IP): the proxy was banned for the requests
    of its visitors."""
    _behind(lab, f"  deny 192.0.2.66;\n  deny {OTHER};\n  deny {ROUTER[1]};\n")


@healthy()
def office_comes_through_a_proxy(lab: Lab) -> None:
    """The same list, and the visitor's address from X-Forwarded-For."""
    taken = "".join(f"  set_real_ip_from {address};\n" for address in (OTHER, ROUTER[1]))
    rules = f"  allow {CLIENT};\n  allow {SERVER};\n  deny all;\n"
    _behind(lab, f"{taken}  real_ip_header X-Forwarded-For;\n{rules}")
