"""Scenarios of nginx.location-misses-path."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

MINE = (site.CONF,)
ABOUT = f"https://{site.NAME}/shop/about"
REDIRECT = "  location / {\n    return 301"
FILES = "  location / {\n    root /var/www/front;\n  }\n\n"


def _front(lab: Lab, location: str) -> None:
    """Files at the root, and the application at this location."""
    lab.server.write("/var/www/front/index.html", "<!doctype html><title>Shop</title><p>Tea\n")
    lab.change(PAGES, FILES + (PAGES.replace("location / {", location) if location else ""))


@scenario(outside=None, server="nginx.location-misses-path", target=ABOUT, differs=MINE)
def location_has_another_spelling(lab: Lab) -> None:
    _front(lab, "location /shops/ {")


@healthy(target=ABOUT)
def location_has_the_path(lab: Lab) -> None:
    _front(lab, "location /shop/ {")


def _plain(lab: Lab) -> None:
    """The block of port 80 has the location."""
    application = "  location /shop/ {\n    proxy_pass http://127.0.0.1:3000;\n  }\n\n"
    lab.change(REDIRECT, f"{application}{REDIRECT}")


@scenario(
    outside="http.page-refused", server="nginx.location-misses-path", target=ABOUT, differs=MINE,
    also=("http.no-redirect",),
)  # fmt: skip
def location_is_in_the_block_of_port_80(lab: Lab) -> None:
    _front(lab, "")
    _plain(lab)
