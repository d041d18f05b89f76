"""`try_files` without "$uri/": nginx answers 404 for a folder whose index file is there."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

FOLDER = "/var/www/shop"


def _serve(lab: Lab, location: str, index: str = "index.html") -> None:
    lab.server.write(f"{FOLDER}/{index}", "<!doctype html><title>Shop</title><p>Hello</p>\n")
    before, _, after = site.HTTPS.partition("  location / {")
    socket = after[after.index("  location /ws") :]
    lab.configure(f"{site.MAP}{before}  root {FOLDER};\n  {location}\n{socket}\n{site.HTTP}")


@scenario(outside=None, server="nginx.target-not-found", differs=(site.CONF,))
def try_files_hides_the_index_of_the_site(lab: Lab) -> None:
    """The line of a folder of assets, copied to the whole site."""
    _serve(lab, "location / {\n    try_files $uri =404;\n  }")


@healthy()
def try_files_without_an_index_to_hide(lab: Lab) -> None:
    """An interface has no page of its own: 404 may be meant."""
    _serve(lab, "location / {\n    try_files $uri =404;\n  }", index="robots.txt")
