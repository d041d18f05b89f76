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


FOUND = f"https://{site.NAME}/api/find"
MOVED = f"{FOUND} liefert seit dem Umbau des Proxys nur noch die Startseite statt JSON"


def _serve_find(lab: Lab, uri: str) -> None:
    words = ("3001", "/:/app.js", "/app.js", "/api/find:json")
    lab.spawn(lab.server, lab.server.application("paths_server", *words), 3001)
    lines = f"    set $libcdb http://127.0.0.1:3001;\n    proxy_pass $libcdb{uri};"
    lab.change(PAGES, PAGES.replace("    proxy_pass http://127.0.0.1:3000;", lines))


@scenario(
    outside="http.page-for-api", server="upstream.path-fixed", target=MOVED, differs=MINE,
    seen_besides=("http.page-file-type",),
)  # fmt: skip
def slash_behind_a_variable_with_the_scheme(lab: Lab) -> None:
    """After https://github.com/Gallopsled/pwntools/pull/2749"""
    _serve_find(lab, "/")


@healthy(target=FOUND)
def request_uri_behind_a_variable_with_the_scheme(lab: Lab) -> None:
    _serve_find(lab, "$request_uri")
