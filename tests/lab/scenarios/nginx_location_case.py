"""Scenarios of nginx.location-case."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]


def _shop(lab: Lab, location: str) -> None:
    lab.server.write("/var/www/front/index.html", "<!doctype html><title>Shop</title><p>Tea\n")
    files = "  location / {\n    root /var/www/front;\n  }\n\n"
    lab.change(PAGES, files + PAGES.replace("location / {", f"location {location} {{"))


@scenario(
    outside=None, server="nginx.location-case", target=f"https://{site.NAME}/Shop/about",
    differs=(site.CONF,),
)  # fmt: skip
def location_in_small_letters(lab: Lab) -> None:
    _shop(lab, "/shop/")


@healthy()
def location_in_the_letters_of_the_path(lab: Lab) -> None:
    _shop(lab, "/Shop/")
