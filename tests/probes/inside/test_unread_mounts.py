"""Mounted files that the web server of a container does not read."""

import asyncio

from diagnose.model.containers import BindMount, NginxContainer, UnreadMount
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.web_servers import ServerFile, WebServerConfig, WebSite
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.probes.inside import other_nginx as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

READ = "/etc/nginx/conf.d/default.conf"
WELCOME = "server { listen 80; server_name localhost; }"
SITE = "server {\n listen 443 ssl;\n server_name shop.example.com;\n}\n"
CADDYFILE = "shop.example.com {\n\treverse_proxy app:3000\n}\n"


def container(*mounts: BindMount) -> NginxContainer:
    return NginxContainer(pid=7, engine="docker", name="web", mounts=mounts)


def looked(
    config: NginxConfig | WebServerConfig, probe: object, files: dict[str, str], *mounts: BindMount
) -> tuple[UnreadMount, ...]:
    ctx = Looking(RecordedMachine({}, files))
    ctx.observations.extend((container(*mounts), config))
    asyncio.run(probe.work(ctx, config))  # type: ignore[attr-defined]
    return ctx.observed(UnreadMount)


def nginx(text: str, path: str = READ) -> NginxConfig:
    main = "/etc/nginx/nginx.conf"
    return NginxConfig(
        path=main,
        main=nginx_parser.parse(f"http {{ {text} }}", main),
        files=(ConfigFile(path, text),),
    )


def test_a_mounted_file_that_has_the_site_and_is_not_read() -> None:
    mount = BindMount("/etc/nginx/sites-enabled", "/srv/sites")
    files = {"/srv/sites/shop": SITE, "/srv/sites/blog": SITE.replace("shop", "blog")}
    (unread,) = looked(nginx(WELCOME), probes.mounted_beside_nginx, files, mount)
    assert (unread.point, unread.source) == ("/etc/nginx/sites-enabled/shop", "/srv/sites/shop")
    assert unread.path == "/etc/nginx/nginx.conf"


def test_no_file_is_read_where_the_site_is_served_or_nothing_is_mounted() -> None:
    mount = BindMount("/etc/nginx/sites-enabled", "/srv/sites")
    files = {"/srv/sites/shop": SITE}
    assert not looked(nginx(SITE), probes.mounted_beside_nginx, files, mount)
    assert not looked(nginx(WELCOME), probes.mounted_beside_nginx, files)
    elsewhere = BindMount("/usr/share/nginx/html", "/srv/sites")
    assert not looked(nginx(WELCOME), probes.mounted_beside_nginx, files, elsewhere)


def test_the_file_that_is_read_is_none() -> None:
    mount = BindMount("/etc/nginx/conf.d", "/srv/sites")
    plain = nginx(SITE.replace("443 ssl", "8443 ssl"), "/etc/nginx/conf.d/shop.conf")
    files = {"/srv/sites/shop.conf": SITE}
    assert not looked(plain, probes.mounted_beside_nginx, files, mount)


def test_the_file_of_another_server() -> None:
    main = "/etc/caddy/Caddyfile"
    welcome = WebServerConfig(
        product="caddy", path=main, sites=(WebSite(),), files=(ServerFile(main, ":80 {\n}\n"),)
    )
    files = {"/srv/Caddyfile": CADDYFILE}
    right, wrong = (BindMount(point, "/srv/Caddyfile") for point in (main, "/etc/Caddyfile"))
    (unread,) = looked(welcome, probes.mounted_beside_server, files, wrong)
    assert (unread.product, unread.point) == ("caddy", "/etc/Caddyfile")
    assert not looked(welcome, probes.mounted_beside_server, files, right)
