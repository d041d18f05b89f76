"""A container has the site's configuration at a path that its program does not read."""

from .. import caddy, site
from ..containers import Engine, application, proxied, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from ..server_containers import CADDY_ARGV, CERTIFICATES, COMPOSE, HOME, PORTS, caddyfile, prepare
from ..web_servers import keep_only
from .nginx_in_container import PANEL, STARTED
from .servers_in_containers import ELSEWHERE

DOWN = "the application has to be started"
MOUNT = "the mount has to be corrected in the compose file"
#: What the official images bring along.
CADDY_WELCOME = ":80 {\n\troot * /usr/share/caddy\n\tfile_server\n}\n"
NGINX_WELCOME = "server {\n  listen 80;\n  server_name localhost;\n  root /var/www/html;\n}\n"
SITE = caddyfile("\treverse_proxy app:3000\n")


def _nginx(lab: Lab, point: str) -> None:
    engine = Engine(lab)
    lab.server.write("/srv/proxy/shop", proxied("http://app:3000"))
    address = application(engine)
    proxy(engine, NGINX_WELCOME, binds=[("/srv/proxy/shop", point)], hosts=f"{address} app\n")
    engine.answers(80)


@scenario(
    outside="tcp.refused",
    server="server.config-mounted-elsewhere",
    manual=MOUNT,
    not_on=PANEL,
)
def site_of_nginx_is_mounted_without_an_ending(lab: Lab) -> None:
    """The image includes conf.d/*.conf, and the file is mounted as conf/shop."""
    _nginx(lab, "/etc/nginx/conf/shop")


def _project(lab: Lab, own: str, left: str) -> None:
    """A project's folder is mounted beside the folder of the sites that are read."""
    engine = Engine(lab)
    lab.server.write("/srv/project/conf/nginx/site-ssl.conf", left)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/project"))
    address = application(engine)
    binds = [("/srv/project/conf", "/var/www/conf")]
    proxy(engine, own, binds=binds, hosts=f"{address} app\n")
    engine.answers(80)


@scenario(
    outside="tcp.refused",
    server="server.config-mounted-elsewhere",
    manual=MOUNT,
    not_on=PANEL,
)
def site_with_tls_is_in_a_folder_of_the_project(lab: Lab) -> None:
    """Issue 303 of richarvey/nginx-php-fpm: the block of port 80 is read, that of 443 is not."""
    _project(lab, site.HTTP, proxied("http://app:3000").partition("server {\n  listen 80")[0])


@healthy(not_on=PANEL)
def site_of_port_80_is_left_in_a_folder_of_the_project(lab: Lab) -> None:
    _project(lab, proxied("http://app:3000"), site.HTTP)


@healthy(not_on=PANEL)
def site_of_nginx_is_mounted_beside_its_welcome_page(lab: Lab) -> None:
    _nginx(lab, "/etc/nginx/conf.d/site.conf")


@scenario(outside="http.server-error", server="upstream.refused", manual=DOWN, not_on=PANEL)
def block_for_every_name_is_the_site_beside_an_old_file(lab: Lab) -> None:
    """A copy of the site's file was left in sites-available; the application is down."""
    engine = Engine(lab)
    own = proxied("http://127.0.0.1:3999").replace("server_name shop.example.com", "server_name _")
    lab.server.write("/srv/proxy/shop.conf", proxied("http://app:3000"))
    proxy(engine, own, binds=[("/srv/proxy/shop.conf", "/etc/nginx/sites-available/shop.conf")])
    engine.answers(80)


def _caddy(lab: Lab, *mounts: tuple[str, str], compose: str = "") -> None:
    engine = prepare(lab, compose)
    lab.server.write(f"{HOME}/caddy/Caddyfile", SITE)
    lab.server.write(f"{HOME}/image/Caddyfile", CADDY_WELCOME)
    address = application(engine)
    engine.run(
        "caddy", CADDY_ARGV, PORTS, [*mounts, CERTIFICATES], image="caddy:2",
        hosts=f"{address} app\n",
    )  # fmt: skip
    keep_only(lab)
    engine.answers(80)


@scenario(
    outside="tcp.refused",
    server="server.config-mounted-elsewhere",
    differs=STARTED,
    not_on=ELSEWHERE,
)
def caddyfile_is_mounted_elsewhere(lab: Lab) -> None:
    """/etc/Caddyfile was the path of version 1: the welcome page is there, and nothing on 443."""
    # What lies there on the server is in the stand-in's image.
    before = lab.server.read(caddy.CONFIG)
    lab.undo(lambda: lab.server.write(caddy.CONFIG, before))
    lab.server.write(caddy.CONFIG, CADDY_WELCOME)
    _caddy(lab, (f"{HOME}/caddy/Caddyfile", "/etc/Caddyfile"), compose=COMPOSE)


@healthy(not_on=ELSEWHERE)
def caddyfile_is_mounted_beside_an_old_one(lab: Lab) -> None:
    """The one that is read has the site; another one is left at the old path."""
    _caddy(
        lab,
        (f"{HOME}/caddy/Caddyfile", caddy.CONFIG),
        (f"{HOME}/image/Caddyfile", "/etc/Caddyfile"),
    )
