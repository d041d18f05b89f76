"""proxy_pass with a variable and a path: every request asks the application for that path."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import MINE, PAGES

ITEMS = f"https://{site.NAME}/items"


def _serve(lab: Lab, uri: str) -> None:
    words = ("3001", "/:/app.js", "/app.js", "/items:json")
    lab.spawn(lab.server, lab.server.application("paths_server", *words), 3001)
    lines = f"    set $app 127.0.0.1;\n    proxy_pass http://$app:3001{uri};"
    lab.change(PAGES, PAGES.replace("    proxy_pass http://127.0.0.1:3000;", lines))


@scenario(outside="http.page-file-type", server="upstream.path-fixed", differs=MINE)
def variable_and_a_slash_for_every_script(lab: Lab) -> None:
    _serve(lab, "/")


@scenario(outside="http.page-file-type", server="upstream.path-fixed", target=ITEMS, differs=MINE)
def variable_and_a_slash_for_data(lab: Lab) -> None:
    """The data is the home page."""
    _serve(lab, "/")


@healthy(target=ITEMS)
def variable_without_a_path(lab: Lab) -> None:
    _serve(lab, "")


@healthy(target=ITEMS)
def one_page_for_every_path_of_a_closed_site(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/closed"), 3001)
    lines = "    set $app 127.0.0.1;\n    proxy_pass http://$app:3001/closed;"
    lab.change(PAGES, PAGES.replace("    proxy_pass http://127.0.0.1:3000;", lines))
