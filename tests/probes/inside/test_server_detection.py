"""Where a site's configuration may lie on its own server."""

import asyncio

import pytest

from diagnose.model.http import Exchange
from diagnose.parsers.linux.sockets import peers
from diagnose.probes.inside import server_detection
from diagnose.probes.inside.server_detection import is_asked, serves
from tests.support.check_evidence import SHOP
from tests.support.recorded_machine import RecordedMachine

SITE = "server { server_name shop.example.com; }"


@pytest.mark.parametrize(
    ("path", "is_known"),
    [
        ("/etc/nginx/conf.d/shop.conf", True),
        ("/etc/nginx/sites-available/shop", False),
        ("/usr/local/nginx/conf/vhosts/shop.conf", True),
        ("/usr/local/openresty/nginx/conf/nginx.conf", True),
        ("/usr/local/tengine/conf/nginx.conf", True),
        ("/www/server/panel/vhost/nginx/shop.conf", True),
        ("/opt/1panel/www/conf.d/shop.conf", True),
        ("/home/me/shop.conf", False),
    ],
)
def test_the_folders_of_distributions_builds_and_panels_are_known(
    path: str, is_known: bool
) -> None:
    machine = RecordedMachine({}, {path: SITE})
    assert asyncio.run(serves(machine, "shop.example.com")) is is_known


@pytest.mark.parametrize(
    ("path", "is_known"),
    [
        ("/etc/letsencrypt/live/shop.example.com/fullchain.pem", True),
        ("/etc/nginx/ssl/shop.example.com.pem", True),
        ("/etc/nginx/ssl/cdn.shop.example.com.pem", False),
        ("/etc/nginx/ssl/default.pem", False),
    ],
)
def test_a_block_of_every_name_is_known_by_its_certificate(path: str, is_known: bool) -> None:
    text = f"server {{ server_name _;\n ssl_certificate {path};\n }}"
    machine = RecordedMachine({}, {"/etc/nginx/conf.d/shop.conf": text})
    assert asyncio.run(serves(machine, "shop.example.com")) is is_known


@pytest.mark.parametrize(
    ("path", "text", "is_known"),
    [
        ("/etc/apache2/sites-enabled/a.conf", "ServerAlias www.a.org shop.example.com", True),
        ("/etc/apache2/sites-enabled/a.conf", "# ServerName shop.example.com", False),
        ("/etc/apache2/sites-enabled/a.conf", "ProxyPass / http://shop.example.com/", False),
        ("/etc/httpd/conf.d/ssl.conf", "  servername shop.example.com:443", True),
        ("/etc/caddy/Caddyfile", "www.a.org, https://shop.example.com {\n", True),
        ("/etc/caddy/Caddyfile", "a.org {\n  reverse_proxy shop.example.com {\n", False),
        ("/etc/caddy/sites/shop", "*.example.com {\n", True),
        ("/etc/haproxy/haproxy.cfg", "  acl shop hdr(host) -i shop.example.com", True),
        ("/etc/haproxy/haproxy.cfg", "  use_backend b if { req_ssl_sni shop.example.com }", True),
        ("/etc/haproxy/haproxy.cfg", "  server s1 shop.example.com:443", False),
    ],
)
def test_the_sites_of_other_servers_are_known(path: str, text: str, is_known: bool) -> None:
    machine = RecordedMachine({}, {path: text})
    assert asyncio.run(serves(machine, "shop.example.com")) is is_known


def test_what_nginx_includes_is_read() -> None:
    files = {
        "/etc/nginx/nginx.conf": "http { include vhosts/*.conf; }",
        "/etc/nginx/vhosts/shop.conf": "include /srv/shop/nginx.conf;",
        "/srv/shop/nginx.conf": SITE,
    }
    assert asyncio.run(serves(RecordedMachine({}, files), "shop.example.com"))


def test_files_that_include_each_other_end() -> None:
    files = {
        "/etc/nginx/nginx.conf": "include a.conf;",
        "/etc/nginx/a.conf": "include nginx.conf;\ninclude a.conf;",
    }
    assert not asyncio.run(serves(RecordedMachine({}, files), "shop.example.com"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/haproxy/haproxy.cfg", "  bind :443 ssl crt /etc/haproxy/certs/shop.example.com.pem"),
        ("/etc/httpd/conf.d/ssl.conf", "SSLCertificateFile /etc/ssl/shop.example.com.pem"),
        ("/etc/caddy/Caddyfile", ":443 {\n  tls /etc/ssl/shop.example.com.pem /etc/ssl/k.pem\n}"),
    ],
)
def test_other_servers_of_every_name_are_known_by_their_certificate(path: str, text: str) -> None:
    machine = RecordedMachine({}, {path: text})
    assert asyncio.run(serves(machine, "shop.example.com"))
    assert not asyncio.run(serves(machine, "www.example.com"))


@pytest.mark.parametrize(
    ("line", "path", "text"),
    [
        ("  bind :443 ssl crt /etc/haproxy/certs/", "/etc/haproxy/certs/shop.example.com.pem", ""),
        (
            "  use_backend %[req.hdr(host),lower,map_dom(/etc/haproxy/hosts.map,app)]",
            "/etc/haproxy/hosts.map",
            "# names\nwww.example.org other\nshop.example.com app\n",
        ),
        ("  acl own hdr(host) -i -f /etc/haproxy/names", "/etc/haproxy/names", "shop.example.com"),
        (
            "  bind :443 ssl crt-list /etc/haproxy/list",
            "/etc/haproxy/list",
            "/etc/ssl/shop.example.com.pem [alpn h2]\n",
        ),
    ],
)
def test_haproxy_may_have_its_names_in_another_file(line: str, path: str, text: str) -> None:
    machine = RecordedMachine({}, {"/etc/haproxy/haproxy.cfg": line, path: text})
    assert asyncio.run(serves(machine, "shop.example.com"))
    assert not asyncio.run(serves(machine, "blog.example.com"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "/etc/cloudflared/config.yml",
            "ingress:\n  - hostname: shop.example.com\n    service: http://localhost:8080\n",
        ),
        (
            "/etc/frp/frpc.toml",
            '[[proxies]]\nlocalPort = 8080\ncustomDomains = ["shop.example.com"]\n',
        ),
    ],
)
def test_the_end_of_a_tunnel_serves_the_names_of_its_configuration(path: str, text: str) -> None:
    machine = RecordedMachine({}, {path: text})
    assert asyncio.run(serves(machine, "shop.example.com"))
    assert not asyncio.run(serves(machine, "www.example.com"))


HEAD = "  sl  local_address rem_address   st\n"
LISTENS = "   0: 00000000:0050 00000000:0000 0A\n   1: 00000000:0016 00000000:0000 0A\n"
#: From 203.0.113.80 to port 80, closed.
ASKED = "   2: 0A7100CB:0050 507100CB:D41E 06\n"
ANY_NAME = "server { listen 80; server_name _; }\nserver { server_name localhost; }"
PAGE = Exchange(
    url="https://shop.example.com/", address="203.0.113.80", port=443, method="GET", status=502
)


@pytest.mark.parametrize(
    ("connections", "text", "is_known"),
    [
        (ASKED, ANY_NAME, True),
        # It has no site of this name, and one of another.
        (ASKED, "server {\n  server_name blog.example.org;\n}", False),
        # Somebody else asks this machine.
        (ASKED.replace("507100CB", "017100CB"), ANY_NAME, False),
        # The site's server came in by SSH, or this machine asked it.
        (ASKED.replace(":0050", ":0016"), ANY_NAME, False),
        ("   2: 0A7100CB:8C7C 507100CB:01BB 06\n", ANY_NAME, False),
        ("", ANY_NAME, False),
    ],
)
def test_a_server_of_every_name_is_known_by_who_asks_it(
    connections: str, text: str, is_known: bool
) -> None:
    files = {"/proc/net/tcp": HEAD + LISTENS + connections, "/etc/nginx/conf.d/a.conf": text}
    machine = RecordedMachine({}, files)
    assert asyncio.run(is_asked(machine, PAGE, SHOP)) is is_known


@pytest.mark.parametrize(
    ("path", "text", "is_known"),
    [
        ("/etc/caddy/Caddyfile", ":8484 {\n\treverse_proxy 127.0.0.1:4000\n}\n", True),
        ("/etc/nginx/conf.d/a.conf", "server {\n  listen 0.0.0.0:8484;\n}", True),
        ("/etc/caddy/Caddyfile", ":9000 {\n\treverse_proxy 127.0.0.1:8484\n}\n", False),
    ],
)
def test_a_front_may_ask_at_any_port_of_the_web_server(
    path: str, text: str, is_known: bool
) -> None:
    """Issue 20 of dawarich-app/atlas: the front asks Caddy at port 8484."""
    tables = (HEAD + LISTENS + ASKED).replace(":0050", ":2124")
    machine = RecordedMachine({}, {"/proc/net/tcp": tables, path: text})
    assert asyncio.run(is_asked(machine, PAGE, SHOP)) is is_known


NOW = 1_796_155_988.0  # 2026-12-01 20:13:08
OWN = '203.0.113.80 - - [01/Dec/2026:20:13:07 +0000] "GET / HTTP/1.0" 502 9 "-" "diagnose/1.0"'


@pytest.mark.parametrize(
    ("line", "is_known"),
    [
        (OWN, True),
        (OWN.replace("20:13", "19:58"), False),
        (OWN.replace("113.80", "113.81"), False),
        (OWN.replace("diagnose/1.0", "curl/8.14"), False),
        (OWN.replace("GET /", "GET /a"), False),
        ("", False),
    ],
)
def test_a_log_with_this_runs_own_request_shows_who_asks_this_machine(
    line: str, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site of another name is there too."""
    monkeypatch.setattr(server_detection, "now", lambda: NOW)
    path = "/var/log/nginx/access.log"
    text = "server {\n  server_name blog.example.org;\n}"
    files = {path: f"{line}\n", "/etc/nginx/conf.d/a.conf": text}
    machine = RecordedMachine({f"tail -q -n 40 -- {path}": f"{line}\n"}, files)
    assert asyncio.run(is_asked(machine, PAGE, SHOP)) is is_known


def test_a_machine_that_asks_itself_is_no_visitor() -> None:
    own = "   2: 0100007F:0050 0100007F:D41E 01\n"
    six = "   0: 0000000000000000FFFF00000A7100CB:0050 0000000000000000FFFF0000507100CB:D41E 01\n"
    assert peers(HEAD + LISTENS + own + "   3: odd:words here 01\n") == frozenset()
    assert peers(HEAD + LISTENS + six) == {(80, "203.0.113.80")}
