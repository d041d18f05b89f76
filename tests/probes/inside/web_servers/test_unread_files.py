"""The files beside a configuration that have the site and are not read."""

import asyncio
from dataclasses import replace

from diagnose.model.web_servers import ServerFile
from diagnose.probes.inside.web_servers.unread_files import (
    caddy_sites,
    haproxy_sites,
    unread_sites,
)
from tests.support.caddy_evidence import CADDY
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

SHOP = "shop.example.com {\n\trespond hello\n}\n"
FRONTEND = "frontend https\n    bind :443 ssl crt /etc/ssl/shop.pem\n    default_backend shop\n"
ON_80 = replace(CADDY, ports=(80,), pid=10, config="/etc/caddy/Caddyfile")
HAPROXY = replace(CADDY, product="haproxy", ports=(80,), pid=10, config="/etc/haproxy/haproxy.cfg")


def found(files: dict[str, str], server=ON_80, sites_in=caddy_sites, *read: str) -> list[str]:  # type: ignore[no-untyped-def]
    ctx = Looking(RecordedMachine(files=files))
    known = [ServerFile(path, files[path]) for path in read]
    return [site.file for site in asyncio.run(unread_sites(ctx, server, known, sites_in))]


def test_a_file_of_caddy_without_an_import() -> None:
    files = {"/etc/caddy/Caddyfile": SHOP, "/etc/caddy/sites/shop": SHOP}
    assert found(files, ON_80, caddy_sites, "/etc/caddy/Caddyfile") == ["/etc/caddy/sites/shop"]
    assert found(files, replace(ON_80, ports=(80, 443))) == []
    assert found(files, replace(ON_80, pid=None)) == []


def test_another_name_or_port_or_a_copy_put_aside() -> None:
    assert found({"/etc/caddy/sites/blog": SHOP.replace("shop.", "blog.")}) == []
    assert found({"/etc/caddy/sites/shop": SHOP.replace("com {", "com:8443 {")}) == []
    assert found(
        {f"/etc/caddy/{name}": SHOP for name in ("Caddyfile.bak", "old~", "c.2025-01")}
    ) == ["/etc/caddy/c.2025-01"]


def test_a_frontend_of_haproxy_need_not_have_a_name() -> None:
    path = "/etc/haproxy/conf.d/https.cfg"
    assert found({path: FRONTEND}, HAPROXY, haproxy_sites) == [path]
    assert found({path: FRONTEND.replace(":443", ":8443")}, HAPROXY, haproxy_sites) == []
