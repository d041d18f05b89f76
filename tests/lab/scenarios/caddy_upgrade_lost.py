"""Caddy passes upgrades and addresses on by itself, unless a line takes their fields away."""

from .. import caddy
from ..lab import Lab
from .caddy import WS, caddy_scenario, healthy_caddy

PERSON = "a person knows what the line is for"


def _serve(lab: Lab, *lines: str, before: str = "") -> None:
    options = "".join(f"\t\t{line}\n" for line in lines)
    proxy = f"\treverse_proxy 127.0.0.1:3000 {{\n{options}\t}}\n"
    caddy.serve(lab, f"shop.example.com {{\n\ttls {caddy.PEM} {caddy.KEY}\n{before}{proxy}}}\n")


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=(caddy.CONFIG,),
)
def caddy_deletes_the_upgrade(lab: Lab) -> None:
    """Issue 56 of schollz/cowyo: Caddy 0.9 lost the upgrade, so that the page began anew for
    ever."""
    _serve(lab, "header_up -Upgrade", "header_up -Connection")


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=(caddy.CONFIG,),
)
def caddy_closes_each_connection(lab: Lab) -> None:
    """`header_up Connection close`, after advice about keep-alive."""
    _serve(lab, "header_up Connection close")


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=(caddy.CONFIG,),
)
def caddy_empties_the_connection(lab: Lab) -> None:
    """`header_up Connection ""`, translated from a guide for keep-alive of nginx."""
    _serve(lab, 'header_up Connection ""')


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    manual=PERSON,
)
def caddy_deletes_the_upgrade_before_the_proxy(lab: Lab) -> None:
    """`request_header` comes before reverse_proxy."""
    _serve(lab, before="\trequest_header -Upgrade\n")


@healthy_caddy(args=WS)
def caddy_writes_the_upgrade_as_nginx_has_it(lab: Lab) -> None:
    """Two lines translated from a guide for nginx, which Caddy does not need."""
    _serve(lab, "header_up Upgrade {http.request.header.Upgrade}", "header_up Connection Upgrade")


@healthy_caddy(args=WS)
def caddy_deletes_other_fields(lab: Lab) -> None:
    """`header_up -Origin` and a response's field."""
    _serve(lab, "header_up -X-Powered-By", "header_down -Server")


# The visitor's address, which Caddy passes on by itself, too.

ONE = ("all visitors of https://shop.example.com have the same IP 127.0.0.1 in the application",)


@caddy_scenario(
    outside=None, server="server.visitor-address-lost", args=ONE, differs=(caddy.CONFIG,)
)
def caddy_deletes_the_visitors_address(lab: Lab) -> None:
    """`header_up -X-Forwarded-For` (Caddy's documentation of reverse_proxy, "Headers")."""
    _serve(lab, "header_up -X-Forwarded-For")


@healthy_caddy(args=ONE)
def caddy_deletes_another_field_of_the_address(lab: Lab) -> None:
    """X-Forwarded-For stays."""
    _serve(lab, "header_up -X-Real-IP")
