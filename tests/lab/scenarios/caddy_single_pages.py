"""Caddy serves an application in the browser, and a view that is loaded again is 404."""

from .. import caddy
from ..caddy import CONFIG, KEY, PEM
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy

VIEW = "https://shop.example.com/match/12"
TRIED = "try_files {path} /index.html"
PAGE = '<!doctype html><title>Shop</title><div id="app"></div><script src="/js/app.js"></script>\n'


def _serve(lab: Lab, *lines: str) -> None:
    """The files of the application, and an interface that another program plays."""
    lab.server.write("/srv/dist/index.html", PAGE)
    lab.server.write("/srv/dist/js/app.js", "start();\n")
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/matches:json"), 3001)
    text = "".join(f"\t{line}\n" for line in lines)
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{text}}}\n")


SOCKET = ("handle /ws {", "\treverse_proxy 127.0.0.1:3000", "}")
API = (*SOCKET, "handle_path /api/* {", "\treverse_proxy 127.0.0.1:3001", "}")
FILES = ("handle {", "\troot * /srv/dist")


@caddy_scenario(outside=None, server="server.page-missing", target=VIEW, differs=(CONFIG,))
def handle_of_caddy_has_files_without_a_fallback(lab: Lab) -> None:
    """https://github.com/wavelens/gradient/pull/255: the navigation works, a reload does not."""
    _serve(lab, *API, *FILES, "\tfile_server", "}")


@caddy_scenario(outside=None, server="server.page-missing", target=VIEW, differs=(CONFIG,))
def route_of_caddy_has_its_fallback_below_the_files(lab: Lab) -> None:
    """https://github.com/PhlexPlexico/G5V/issues/81: in a `route` the order of the lines counts."""
    api = ("route /api* {", "\turi strip_prefix /api", "\treverse_proxy 127.0.0.1:3001", "}")
    socket = ("route /ws {", "\treverse_proxy 127.0.0.1:3000", "}")
    _serve(lab, "root * /srv/dist", *socket, *api, "route {", "\tfile_server", f"\t{TRIED}", "}")


@healthy_caddy(target=VIEW)
def handle_of_caddy_has_files_with_a_fallback(lab: Lab) -> None:
    _serve(lab, *API, *FILES, f"\t{TRIED}", "\tfile_server", "}")


@healthy_caddy(target="https://shop.example.com/js/app.js")
def handle_of_caddy_has_a_file_and_no_fallback(lab: Lab) -> None:
    """A site of several pages needs none."""
    _serve(lab, *API, *FILES, "\tfile_server", "}")
