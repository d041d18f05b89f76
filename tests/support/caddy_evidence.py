"""A site on Caddy as observations. The JSON is what Caddy 2.6.2's `caddy adapt` made of SITE."""

from dataclasses import replace

from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Alert, Handshake
from diagnose.model.web_servers import (
    ServerFile,
    WebServer,
    WebServerConfig,
    WebServerTest,
    WebSite,
)
from diagnose.parsers.caddy.caddyfile import blocks_of
from diagnose.parsers.caddy.sites import listens_of, sites_of
from tests.support.check_evidence import REFUSED

CONFIG = "/etc/caddy/Caddyfile"
SITE = """\
shop.example.com {
	tls /etc/ssl/shop.pem /etc/ssl/shop.key
	reverse_proxy 127.0.0.1:3000
}
"""
CADDY = WebServer(
    product="caddy",
    pid=10,
    binary="/usr/bin/caddy",
    version="2.6.2",
    config=CONFIG,
    ports=(80, 443, 2019),
    started=1000.0,
    loaded=1000.0,
    unit="caddy",
    state="active",
    enabled=True,
    test=("caddy", "adapt", "--config", CONFIG, "--adapter", "caddyfile"),
    reload=("systemctl", "reload", "caddy"),
    start=("systemctl", "start", "caddy"),
    stop=("systemctl", "stop", "caddy"),
)
PASSED = WebServerTest(product="caddy", passed=True)
WEB = Listener(address="::", port=443, family=6, pid=10, process="caddy")
APPLICATION = Listener(address="127.0.0.1", port=3000, family=4, pid=20, process="node")
LISTENING = Listeners(sockets=(replace(WEB, port=80), WEB, APPLICATION))
INTERNAL_ERROR = Handshake(
    address="192.0.2.10",
    port=443,
    server_name="shop.example.com",
    alert=Alert(2, 80, "internal_error"),
    failure=REFUSED,
)


def document(
    *names: str, dial: str = "127.0.0.1:3000", tls: str = "files", mode: object = None
) -> dict[str, object]:
    """The JSON of one site on port 443; `dial` may be several addresses, and `tls` is "files",
    "acme" or "internal"."""
    upstreams = [{"dial": address} for address in dial.split()]
    proxy = {"handler": "reverse_proxy", "upstreams": upstreams}
    inner = {"handler": "subroute", "routes": [{"handle": [proxy]}]}
    match = {"match": [{"host": list(names)}]} if names else {}
    route = match | {"handle": [inner], "terminal": True}
    server: dict[str, object] = {"listen": [":443"], "routes": [route]}
    apps: dict[str, object] = {"http": {"servers": {"srv0": server}}}
    if mode:
        server |= {"automatic_https": mode, "tls_connection_policies": [{}]}
    if tls == "files":
        selection = {"certificate_selection": {"any_tag": ["cert0"]}}
        server["tls_connection_policies"] = [{"match": {"sni": list(names)}} | selection, {}]
        pair = {"certificate": "/etc/ssl/shop.pem", "key": "/etc/ssl/shop.key", "tags": ["cert0"]}
        apps["tls"] = {"certificates": {"load_files": [pair]}}
    if tls == "internal":
        policy = {"subjects": list(names), "issuers": [{"module": "internal"}]}
        apps["tls"] = {"automation": {"policies": [policy]}}
    return {"apps": apps}


def sites(*names: str, dial: str = "127.0.0.1:3000", tls: str = "files") -> tuple[WebSite, ...]:
    return sites_of(document(*names, dial=dial, tls=tls))


def caddy_config(
    text: str = SITE,
    json_document: object = None,
    loaded: bool | None = True,
    running: tuple[WebSite, ...] = (),
    complaint: str = "",
) -> WebServerConfig:
    """The configuration of a Caddyfile and the JSON that Caddy makes of it."""
    own = sites_of(json_document or document("shop.example.com"), blocks_of([(CONFIG, text)]))
    return WebServerConfig(
        product="caddy",
        path=CONFIG,
        sites=own,
        listens=listens_of(own),
        files=(ServerFile(CONFIG, text),),
        loaded=loaded,
        running=running,
        complaint=complaint,
    )
