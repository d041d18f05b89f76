"""A file of the page is in the folder of a `file_server`, and `reverse_proxy` takes every path: the
most copied mistake of Caddyfiles (https://caddy.community/t/caddyfile-directive-order)."""

from .. import caddy
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy
from .caddy_paths import SOCKET, api, serve

ROOT = "/srv/shop"
PROXY = "\treverse_proxy 127.0.0.1:3001\n"
FILE_SERVER = f"\troot * {ROOT}\n\tfile_server"


def _static(lab: Lab, text: str, *, has_file: bool = True) -> None:
    """The application's page loads a script from its static files, which it does not serve."""
    serve(lab, SOCKET + text, "/:/static/js/app.js")
    lab.server.write(f"{ROOT}/manage.py", "SECRET = 1\n")
    if has_file:
        lab.server.write(f"{ROOT}/static/js/app.js", "1;\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))


@caddy_scenario(
    outside="http.page-file-missing", server="server.caddy-proxy-first", differs=(caddy.CONFIG,)
)
def caddy_passes_static_files_to_the_application(lab: Lab) -> None:
    _static(lab, f"{FILE_SERVER}\n{PROXY}")


@caddy_scenario(
    outside="http.page-file-missing", server="server.caddy-proxy-first", differs=(caddy.CONFIG,)
)
def caddy_passes_files_with_a_matcher_to_the_application(lab: Lab) -> None:
    """`file_server /static/*` comes after `reverse_proxy`, too."""
    _static(lab, f"{FILE_SERVER} /static/*\n{api(head='handle', port=3001)}")


@healthy_caddy()
def caddy_serves_static_files_beside_the_application(lab: Lab) -> None:
    static = f"\thandle /static/* {{\n{FILE_SERVER}\n\t}}\n"
    _static(lab, f"{static}{PROXY}")


@caddy_scenario(
    outside="http.page-file-missing",
    server="http.page-file-missing",
    manual="the file is nowhere",
)
def caddy_passes_a_file_that_is_nowhere_to_the_application(lab: Lab) -> None:
    """The same Caddyfile, and the folder has no such file."""
    _static(lab, f"{FILE_SERVER}\n{PROXY}", has_file=False)
