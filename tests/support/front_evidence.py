"""A server behind another machine: what visitors get there, and what the server answers itself."""

from typing import Any

from diagnose.model import Observation, Vantage
from diagnose.model.http import Exchange, LocalAnswer, Upgrade
from diagnose.model.tls import Handshake
from tests.support.certificates import leaf, visit
from tests.support.firewall_rules import ADDRESS, host, nic

EDGE = "203.0.113.80"
URL = "https://shop.example.com/"
EDGE_LEAF = leaf(sha256="0e", serial="14")
CLOUDFLARE = (("Server", "cloudflare"), ("CF-RAY", "8a1b2c3d4e5f-FRA"))


def local(request: str = "page", **more: Any) -> LocalAnswer:
    """The server's own answer: 200, with a good certificate."""
    given = {
        "request": request,
        "url": URL,
        "path": "/",
        "address": ADDRESS,
        "port": 443,
        "status": 200,
        "trusted": True,
        "chain": (leaf(),),
        **more,
    }
    return LocalAnswer(vantage=Vantage.SERVER, **given)


def redirecting(**more: Any) -> LocalAnswer:
    """The server's answer over http: it redirects to https."""
    given = {"url": "http://shop.example.com/", "port": 80, "status": 301, "chain": ()}
    return local("forwarded", **{**given, "headers": (("Location", URL),), **more})


def edge_page(status: int | None = 200, **more: Any) -> Exchange:
    given = {"url": URL, "address": EDGE, "port": 443, "status": status, **more}
    return Exchange(**given)


def edge_handshake(**more: Any) -> Handshake:
    return visit(EDGE_LEAF, address=EDGE, **more)


def edge_socket(status: int = 426, **more: Any) -> Upgrade:
    given = {
        "url": "wss://shop.example.com/ws",
        "path": "/ws",
        "address": EDGE,
        "port": 443,
        "status": status,
        "fault": "status",
        **more,
    }
    return Upgrade(**given)


def behind(*more: Observation, via: str = "local", own: str = ADDRESS) -> tuple[Observation, ...]:
    """What is known on the server of a run with these observations."""
    return (host(via), nic("eth0", own), *more)
