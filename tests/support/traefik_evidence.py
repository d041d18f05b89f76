"""Traefik as observations: two entry points, and the router of the site."""

from diagnose.model.http import Exchange
from diagnose.model.traefik import EntryPoint, Router, TraefikState
from diagnose.model.web_servers import WebServer

TRAEFIK = WebServer(
    product="traefik",
    pid=10,
    binary="/usr/local/bin/traefik",
    version="3.1.2",
    ports=(80, 443, 8080),
    unit="traefik",
    state="active",
)
POINTS = (EntryPoint("web", 80), EntryPoint("websecure", 443), EntryPoint("traefik", 8080))
ROUTER = Router(
    "shop@file",
    ("websecure",),
    "Host(`shop.example.com`)",
    True,
    "le",
    "shop",
    takes=True,
    has_name=True,
)
NOT_FOUND = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=404,
    body="404 page not found\n",
)


def state(*routers: Router, running: bool = True, complete: bool = True) -> TraefikState:
    return TraefikState(
        path="/etc/traefik/traefik.yml",
        points=POINTS,
        routers=routers,
        resolvers=("le",),
        is_running=running,
        complete=complete,
    )
