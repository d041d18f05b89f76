"""Where a site's configuration may lie on its own server."""

import asyncio

import pytest

from diagnose.probes.inside.server_detection import serves
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
