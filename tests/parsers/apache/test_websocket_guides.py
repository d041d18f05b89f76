"""Virtual hosts as the guides of applications with WebSockets write them: which line takes the page
and which the WebSocket is known in each."""

import pytest

from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.apache.config import parse
from diagnose.parsers.apache.loading import LoadedConfig
from diagnose.parsers.apache.sites import sites_of
from diagnose.parsers.web_sites import inner_path, route_of

HOST = """\
Listen 443
<VirtualHost *:443>
ServerName shop.example.com
SSLEngine on
SSLCertificateFile /etc/ssl/shop.pem
{}</VirtualHost>
"""
PASSED = "ProxyPass / http://127.0.0.1:3000/\nProxyPassReverse / http://127.0.0.1:3000/\n"


def routes(lines: str, page: str, websocket: str) -> list[SiteRoute | None]:
    (site,) = sites_of(LoadedConfig(parse(HOST.format(lines), "a.conf"), (), True), "/etc/apache2")
    return [route_of(site, page, False), route_of(site, websocket, True)]


GUIDES = {
    "HedgeDoc": (
        "RewriteEngine on\n"
        "RewriteCond %{REQUEST_URI} ^/socket.io [NC]\n"
        "RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n" + PASSED,
        "/socket.io/",
    ),
    "Socket.IO": (
        "RewriteEngine On\n"
        "RewriteCond %{REQUEST_URI} ^/socket.io [NC]\n"
        "RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
        "RewriteCond %{HTTP:Connection} upgrade [NC]\n"
        "RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n" + PASSED,
        "/socket.io/",
    ),
    "Mattermost": (
        "RewriteEngine On\n"
        "RewriteCond %{REQUEST_URI} /api/v[0-9]+/(users/)?websocket [NC,OR]\n"
        "RewriteCond %{HTTP:UPGRADE} ^WebSocket$ [NC]\n"
        "RewriteCond %{HTTP:CONNECTION} Upgrade [NC]\n"
        "RewriteRule .* ws://127.0.0.1:3000%{REQUEST_URI} [P,QSA,L]\n" + PASSED,
        "/api/v4/websocket",
    ),
    "Rocket.Chat": (
        "RewriteEngine On\n"
        "RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n"
        "RewriteCond %{HTTP:Upgrade} !=websocket [NC]\n"
        "RewriteRule /(.*) http://127.0.0.1:3000/$1 [P,L]\n",
        "/websocket",
    ),
    "JupyterHub": (
        "RewriteEngine On\n"
        "RewriteCond %{HTTP:Connection} Upgrade [NC]\n"
        "RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
        "RewriteRule /(.*) ws://127.0.0.1:3000/$1 [NE,P,L]\n" + PASSED,
        "/user/a/api/kernels/1/channels",
    ),
    "Home Assistant": (
        "ProxyPass /api/websocket ws://127.0.0.1:3000/api/websocket\n"
        "RewriteEngine on\n"
        "RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n"
        "RewriteCond %{HTTP:Upgrade} !=websocket [NC]\n"
        "RewriteRule /(.*) http://127.0.0.1:3000/$1 [P,L]\n",
        "/api/websocket",
    ),
    "Vaultwarden": (
        "RewriteEngine On\n"
        "RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "RewriteRule /notifications/hub(.*) ws://127.0.0.1:3012/$1 [P,L]\n" + PASSED,
        "/notifications/hub",
    ),
    "code-server": (
        "RewriteEngine On\n"
        "RewriteCond %{HTTP_HOST} =shop.example.com\n"
        "RewriteCond %{HTTP:Upgrade} ^WebSocket$ [NC]\n"
        "RewriteCond %{HTTP:Connection} ^Upgrade$ [NC]\n"
        "RewriteRule .* ws://127.0.0.1:3000%{REQUEST_URI} [P]\n" + PASSED,
        "/stable-1",
    ),
    "Shiny Server": (
        "RewriteEngine on\n"
        "RewriteCond %{HTTP:Upgrade} =websocket\n"
        'RewriteRule /(.*) "ws://127.0.0.1:3000/$1" [P,L]\n'
        "RewriteCond %{HTTP:Upgrade} !=websocket\n"
        'RewriteRule /(.*) "http://127.0.0.1:3000/$1" [P,L]\n' + PASSED,
        "/__sockjs__/websocket",
    ),
    "Foundry": (
        "RewriteEngine On\n"
        "RewriteCond %{REQUEST_URI} ^/socket.io [NC]\n"
        "RewriteCond %{QUERY_STRING} transport=websocket [NC]\n"
        "RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n" + PASSED,
        "/socket.io/",
    ),
    "a balancer of Socket.IO": (
        "<Proxy balancer://sockets>\nBalancerMember ws://127.0.0.1:3000\n</Proxy>\n"
        "RewriteEngine On\n"
        "RewriteCond %{HTTP:Upgrade} =websocket [NC]\n"
        "RewriteRule /(.*) balancer://sockets/$1 [P,L]\n"
        "RewriteCond %{HTTP:Upgrade} !=websocket [NC]\n"
        "RewriteRule /(.*) http://127.0.0.1:3000/$1 [P,L]\n",
        "/socket.io/",
    ),
    "the ACME client's path beside it": (
        "RewriteEngine On\n"
        "RewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/\n"
        "RewriteCond %{HTTP:Upgrade} =websocket\n"
        "RewriteRule ^/?(.*)$ ws://127.0.0.1:3000/$1 [P,L,NC]\n" + PASSED,
        "/socket",
    ),
    "Collabora Online": (
        "ProxyPassMatch \"/cool/(.*)/ws$\" ws://127.0.0.1:3000/cool/$1/ws nocanon\n" + PASSED,
        "/cool/a/ws",
    ),
    "Proxmox": (
        "ProxyPassMatch ^/(api2/json/.+/vncwebsocket)$ ws://127.0.0.1:3000\n" + PASSED,
        "/api2/json/nodes/vncwebsocket",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GUIDES)
def test_both_routes_of_a_guide_are_known(name: str) -> None:
    lines, path = GUIDES[name]
    page, websocket = routes(lines, "/", path)
    assert page
    assert (page.scheme, page.port) == ("http", 3000)
    assert inner_path(page, "/") == "/"
    assert websocket
    assert websocket.scheme == "ws"
    assert inner_path(websocket, path) == ("/" if name == "Vaultwarden" else path)


def rule(*conditions: str, flags: str = "P") -> str:
    lines = "".join(f"RewriteCond {condition}\n" for condition in conditions)
    return f"RewriteEngine On\n{lines}RewriteRule ^/(.*) ws://127.0.0.1:4000/$1 [{flags}]\n{PASSED}"


@pytest.mark.parametrize(
    ("conditions", "page", "websocket"),
    [
        (("%{REQUEST_URI} ^/live",), 3000, 3000),
        (("%{REQUEST_URI} ^/ws",), 3000, 4000),
        (("%{REQUEST_URI} ^/WS",), 3000, 3000),
        (("%{REQUEST_URI} ^/WS [NC]",), 3000, 4000),
        (("%{REQUEST_URI} =/ws",), 3000, 4000),
        (("%{REQUEST_URI} !=/ws",), 4000, 3000),
        (("%{REQUEST_URI} ^/ws [OR]", "%{REQUEST_URI} ^/live"), 3000, 4000),
        (("%{REQUEST_URI} ^/ws [OR]", "%{HTTP:Upgrade} websocket"), None, 4000),
        (("%{REMOTE_ADDR} ^10",), None, None),
        (("%{REMOTE_ADDR} ^10", "%{HTTP:Upgrade} websocket"), 3000, None),
        (("%{REMOTE_ADDR} ^10", "%{REQUEST_URI} ^/live"), 3000, 3000),
        (("%{REMOTE_ADDR} ^10 [OR]", "%{REQUEST_URI} ^/live"), None, None),
        (("%{QUERY_STRING} token=",), None, None),
        (("%{QUERY_STRING} transport=websocket",), 3000, None),
        (("%{HTTP_HOST} ^shop\\.",), 4000, 4000),
        (("%{HTTP_HOST} ^www\\.",), 3000, 3000),
        (("%{HTTPS} off [OR]", "%{SERVER_PORT} !=443"), 3000, 3000),
        (("%{REQUEST_SCHEME} https", "%{REQUEST_METHOD} GET"), 4000, 4000),
        (("%{HTTP:Connection} upgrade [NC]",), 3000, 4000),
        (("%{DOCUMENT_ROOT}/%{REQUEST_URI} !-f",), None, None),
    ],
)
def test_a_condition_decides_where_it_is_known(
    conditions: tuple[str, ...], page: int | None, websocket: int | None
) -> None:
    chosen = routes(rule(*conditions), "/", "/ws")
    assert [route and route.port for route in chosen] == [page, websocket]


def test_a_pattern_without_case_takes_both() -> None:
    lines = "RewriteEngine On\nRewriteRule ^/WS$ ws://127.0.0.1:4000/a [{}]\n" + PASSED
    ports = [route and route.port for route in routes(lines.format("P,NC"), "/", "/ws")]
    assert ports == [3000, 4000]
    ports = [route and route.port for route in routes(lines.format("P"), "/", "/ws")]
    assert ports == [3000, 3000]


def test_an_excluded_pattern_is_passed_to_nobody() -> None:
    lines = "ProxyPassMatch ^/(static|media)/ !\n" + PASSED
    page, file = routes(lines, "/static/a.css", "/ws")
    assert page
    assert page.target == "!"
    assert file
    assert file.port == 3000
