"""HAProxy's evidence from literals: the server, a configuration, tries and answers."""

from typing import Any

from diagnose.model.haproxy import HaproxyStatus, HaproxyTry, ServerState
from diagnose.model.http import Exchange
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import parse
from diagnose.parsers.haproxy.sites import listens_of, sites_of

CONFIG = "/etc/haproxy/haproxy.cfg"
PEM = "/etc/haproxy/shop.pem"
TEXT = f"""\
global
    maxconn 5
defaults
    mode http
frontend web
    bind :443 ssl crt {PEM}
    default_backend app
backend app
    option httpchk GET /healthz
    server a 127.0.0.1:3000 check
"""
SERVER = WebServer(
    product="haproxy",
    pid=10,
    version="3.0.11",
    config=CONFIG,
    ports=(80, 443),
    started=1000.0,
    loaded=1000.0,
    unit="haproxy",
    test=("haproxy", "-f", CONFIG, "-c"),
    reload=("systemctl", "reload", "haproxy"),
    start=("systemctl", "start", "haproxy"),
    stop=("systemctl", "stop", "haproxy"),
)


def config(text: str = TEXT, rows: str | None = None) -> WebServerConfig:
    """Return the configuration; `rows` are those of a map, None if it was not read."""
    maps = () if rows is None else (ServerFile("/etc/haproxy/hosts.map", rows),)
    parsed = parse([(CONFIG, text)], [(each.path, each.text) for each in maps])
    return WebServerConfig(
        product="haproxy",
        path=CONFIG,
        sites=sites_of(parsed, {}),
        listens=listens_of(parsed),
        files=(ServerFile(CONFIG, text),),
        maps=maps,
    )


def page(status: int | None = 503, **more: Any) -> Exchange:
    values: dict[str, Any] = {
        "url": "https://shop.example.com/",
        "address": "203.0.113.10",
        "port": 443,
    }
    return Exchange(**values | {"status": status} | more)


def attempt(purpose: str = "page", status: int | None = 200, **more: Any) -> HaproxyTry:
    values: dict[str, Any] = {"backend": "app", "name": "a", "address": "127.0.0.1", "port": 3000}
    return HaproxyTry(**values | {"purpose": purpose, "status": status} | more)


def status(state: str = "DOWN", check: str = "L7STS", code: int | None = 404) -> HaproxyStatus:
    servers = (ServerState("app", "a", state, check, code),)
    return HaproxyStatus(path="/run/haproxy/admin.sock", servers=servers)
