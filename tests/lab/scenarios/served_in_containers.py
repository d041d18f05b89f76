"""Apache and Caddy in a container serve the files of a mounted folder. The engine is a stand-in:
see `tests/lab/docker.py`."""

import re

from .. import apache, caddy
from ..lab import Lab
from ..server_containers import (
    APACHE_START,
    CADDY_ARGV,
    CERTIFICATES,
    HOME,
    PORTS,
    caddyfile,
    prepare,
)
from ..web_servers import keep_only
from .container_files import MOUNT
from .page_assets import CSS, SHOP
from .servers_in_containers import healthy_inner, inner_scenario

PAGES = "/srv/pages"
ROOT = "/srv/www"
FOLDER = f"""SSLEngine on
    DocumentRoot {ROOT}
    <Directory {ROOT}>
        Require all granted
    </Directory>"""


def _put_pages(lab: Lab, then: str) -> None:
    server = lab.server
    lab.undo(lambda: server.sh(f"rm -rf {PAGES}"))
    server.sh(f"mkdir -p {PAGES}/static/css")
    server.write(f"{PAGES}/index.html", SHOP)
    server.write(f"{PAGES}/static/css/app.css", CSS)
    server.sh(f"chmod -R a+rX {PAGES}; {then}")


def _caddy(lab: Lab, point: str = ROOT, then: str = ":") -> None:
    engine = prepare(lab)
    _put_pages(lab, then)
    text = caddyfile(f"\troot * {ROOT}\n\tfile_server\n")
    lab.server.write(f"{HOME}/caddy/Caddyfile", text)
    mounts = [(f"{HOME}/caddy/Caddyfile", caddy.CONFIG), CERTIFICATES, (PAGES, point)]
    engine.run("caddy", CADDY_ARGV, PORTS, mounts, image="caddy:2")
    keep_only(lab)
    engine.answers(80)


def _apache(lab: Lab, point: str = ROOT, then: str = ":") -> None:
    engine = prepare(lab)
    _put_pages(lab, then)
    text = f"{apache.HTTPS}\n{apache.HTTP}".replace("SSLEngine on", FOLDER)
    text = text.replace(apache.PEM, "/certs/shop.pem").replace(apache.KEY, "/certs/shop.key")
    apache.install(lab, re.sub(r"(?m)^.*(?:Proxy|Rewrite).*\n", "", text))
    lab.server.sh(f"cp -a /etc/apache2 {HOME}/apache2; rm -rf /etc/apache2/sites-enabled/*")
    mounts = [(f"{HOME}/apache2", "/etc/apache2"), CERTIFICATES, (PAGES, point)]
    engine.run("web", ("sh", "-c", APACHE_START), PORTS, mounts, image="debian:13")
    keep_only(lab)
    engine.answers(80)


@healthy_inner()
def apache_in_a_container_serves_a_folder(lab: Lab) -> None:
    _apache(lab)


@healthy_inner()
def caddy_in_a_container_serves_a_folder(lab: Lab) -> None:
    _caddy(lab)


@inner_scenario(
    outside=None, server="server.request-failed", manual="its site has no application behind it"
)
def apache_in_a_container_may_not_read_the_page(lab: Lab) -> None:
    """The log is the container's, and so are the user and the folder."""
    _apache(lab, then=f"chmod 600 {PAGES}/index.html")


@inner_scenario(outside=None, server="server.files-mounted-elsewhere", manual=MOUNT)
def apache_in_a_container_has_the_site_elsewhere(lab: Lab) -> None:
    _apache(lab, "/var/www/html")


@inner_scenario(outside=None, server="server.files-mounted-elsewhere", manual=MOUNT)
def caddy_in_a_container_has_an_empty_folder(lab: Lab) -> None:
    _caddy(lab, then=f"rm -rf {PAGES}/*")
