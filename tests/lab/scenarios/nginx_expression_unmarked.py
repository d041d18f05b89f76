"""Scenarios of nginx.expression-unmarked."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
FILES = "  root /var/www/html;\n  location / {\n    try_files $uri $uri/ =404;\n  }\n\n"
TEA = f"https://{site.NAME}/develop/api/tea"
CSS = f"https://{site.NAME}/assets/app.css"


def _below(lab: Lab, argument: str) -> None:
    lab.change(PAGES, PAGES.replace("location /", f"location {argument}") + FILES)


def _assets(lab: Lab, argument: str) -> None:
    """The application has no such path, and nginx has its files."""
    lab.server.write("/srv/pool/assets/app.css", "body { color: black }\n")
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/"), 3001)
    files = f"  location {argument} {{\n    root /srv/pool;\n  }}\n"
    lab.change(PAGES, f"{files}{PAGES.replace('3000', '3001')}")


@scenario(outside=None, server="nginx.expression-unmarked", differs=MINE, target=TEA)
def anchor_in_a_location_without_its_mark(lab: Lab) -> None:
    """`location ^/develop/api/`. After
    https://github.com/digitalocean/nginxconfig.io/issues/286."""
    _below(lab, "^/develop/api/")


@healthy(target=TEA)
def anchor_in_a_location_with_its_mark(lab: Lab) -> None:
    _below(lab, "~ ^/develop/api/")


@scenario(outside=None, server="nginx.expression-unmarked", differs=MINE, target=CSS)
def star_in_a_location(lab: Lab) -> None:
    """`location /assets/*`, as in a sample of decred/dcrstakepool."""
    _assets(lab, "/assets/*")


@healthy(target=CSS)
def folder_in_a_location(lab: Lab) -> None:
    _assets(lab, "/assets/")
