"""Scenarios of http.internal-name-in-page."""

from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = "  location / {\n    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
PAGE = '<!doctype html><title>Photos</title><p>Your photos</p><script src="/app.js"></script>\n'


def _page(lab: Lab, script: str) -> None:
    lab.server.write("/srv/spa/index.html", PAGE)
    lab.server.write("/srv/spa/app.js", script)
    lab.change(PAGES, "  location / {\n    root /srv/spa;\n    index index.html;\n")


@scenario(outside="http.internal-name-in-page", manual="the front end has to be built anew")
def page_asks_a_container(lab: Lab) -> None:
    """`VITE_SERVER_ENDPOINT=http://immich-proxy:2283/api`, after issue 340 of Immich."""
    _page(lab, 'const e="http://immich-proxy:2283/api";fetch(e+"/asset").then(r=>r.json());\n')


@healthy()
def page_asks_a_container_only_where_no_address_is_set(lab: Lab) -> None:
    """The address of a container stands behind the site's own."""
    _page(lab, 'const e=location.origin||"http://immich-proxy:2283/api";fetch(e+"/asset");\n')
