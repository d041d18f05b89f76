"""The server behind a CDN or a balancer is asked as well (`--origin-address`): which side fails.

The router plays the edge, as in `addresses`.
"""

from ..lab import CLIENT, SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import EDGE, OTHER, PASSED_ON, WEBSOCKETS, other_machine

ARGS = ("--origin-address", SERVER)


@scenario(outside="http.edge-at-fault", args=ARGS, manual=EDGE)
def edge_fails_and_the_origin_is_well(lab: Lab) -> None:
    """The balancer passes on to a port that nobody serves any more, after threads on Server Fault
    ("502 from the load balancer, curl to the instance works")."""
    other_machine(lab, f"proxy_pass http://{SERVER}:8081;")
    lab.dns([OTHER])


@scenario(outside="http.edge-at-fault", args=ARGS, manual=EDGE)
def edge_refuses_everybody(lab: Lab) -> None:
    """The CDN's firewall answers 403 to all, after Cloudflare's community ("Sorry, you have been
    blocked"). The server behind it answers."""
    other_machine(lab, "return 403;")
    lab.dns([OTHER])


@healthy(args=ARGS)
def edge_and_origin_answer(lab: Lab) -> None:
    """The site behind a CDN, and the server behind it, are well."""
    other_machine(lab, PASSED_ON + WEBSOCKETS)
    lab.dns([OTHER])


@healthy(args=ARGS)
def origin_lets_only_the_edge_in(lab: Lab) -> None:
    """The security group has the CDN's addresses alone, as the vendors advise."""
    other_machine(lab, PASSED_ON + WEBSOCKETS)
    lab.dns([OTHER])
    lab.cloud(f"ip saddr {CLIENT} ip daddr {SERVER} tcp dport 443 drop")


@scenario(outside="http.origin-at-fault", server="nginx.not-running", args=ARGS)
def edge_and_origin_fail(lab: Lab) -> None:
    """nginx is stopped; the CDN says 502 in its own words."""
    other_machine(lab, PASSED_ON + WEBSOCKETS)
    lab.dns([OTHER])
    lab.stop_nginx()
