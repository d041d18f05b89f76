"""A page that answers with a last slash, or without it, and 404 otherwise.

After https://github.com/apolopena/gitpod-laravel-starter/issues/90 and questions about Spring 6.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

MINE = (site.CONF,)
URL = f"https://{site.NAME}"
PASS = "proxy_pass http://127.0.0.1:3001;"


def _paths(lab: Lab, lines: str, *paths: str) -> None:
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", *paths), 3001)
    lab.change(PAGES, lines)


@scenario(outside="http.last-slash", target=f"{URL}/app/", differs=MINE)
def application_has_the_path_without_its_slash(lab: Lab) -> None:
    """Spring since version 6, and Express with strict routing."""
    _paths(lab, f"  location / {{ {PASS} }}\n", "/", "/app", "/app/users")


@scenario(outside="http.last-slash", target=f"{URL}/app/", differs=MINE)
def location_of_nginx_for_the_path_without_its_slash(lab: Lab) -> None:
    """`location = /app`, and files of the site for all else."""
    lab.server.write("/srv/home/index.html", "<!doctype html><title>Home</title><p>Welcome.\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/home"))
    lines = f"  root /srv/home;\n  location = /app {{ {PASS} }}\n"
    _paths(lab, lines, "/app")


@scenario(outside="http.last-slash", target=f"{URL}/phpmyadmin", differs=MINE)
def application_has_the_path_with_its_slash(lab: Lab) -> None:
    _paths(lab, f"  location / {{ {PASS} }}\n", "/", "/phpmyadmin/")


@healthy(target=f"{URL}/nothing/")
def page_that_is_nowhere_in_either_spelling(lab: Lab) -> None:
    _paths(lab, f"  location / {{ {PASS} }}\n", "/", "/app")
