"""Scenarios of nginx.location-without-slash."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
FILES = "  root /var/www/html;\n  location / {\n    try_files $uri $uri/ =404;\n  }\n\n"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
SHOP = f"https://{site.NAME}/shop/tea"


@scenario(outside=None, server="nginx.location-without-slash", differs=MINE, target=SHOP)
def slash_forgotten_in_a_location(lab: Lab) -> None:
    """After issue 80 of WhatManager2: nginx answers 404 from its files."""
    lab.change(PAGES, PAGES.replace("location /", "location shop") + FILES)


@scenario(
    outside="websocket.not-upgraded", server="nginx.location-without-slash", differs=MINE,
    args=("--ws", "/ws"),
)  # fmt: skip
def slash_forgotten_before_a_websocket(lab: Lab) -> None:
    lab.change("  location /ws {", "  location ws {")


@healthy(target=SHOP)
def location_with_its_slash(lab: Lab) -> None:
    lab.change(PAGES, PAGES.replace("location /", "location /shop") + FILES)
