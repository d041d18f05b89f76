"""Scenarios of http.no-byte-ranges."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, PAGE, _serve

FILM = f"https://{site.NAME}/media/film.mp4"
FORCED = "    proxy_force_ranges on;\n    proxy_http"
WATCH = (
    "<!doctype html>\n<title>Shop</title>\n<p>How tea is made.</p>\n<video src=/film.mp4></video>"
)


def _application(lab: Lab, lines: str = "    proxy_http") -> None:
    lab.spawn(lab.server, lab.server.application("film_server", "3001"), 3001)
    passed = PAGE.replace("127.0.0.1:3000", "127.0.0.1:3001")
    lab.change(PAGE, passed.replace("    proxy_http", lines))


@scenario(outside="http.no-byte-ranges", target=FILM, differs=(site.CONF,))
def application_without_byte_ranges(lab: Lab) -> None:
    """After issue 278 of seafile-docker and issue 2336 of ka-lite: "Video seeking not working"."""
    _application(lab)


@scenario(outside="http.no-byte-ranges", differs=(site.CONF,))
def page_with_a_film_without_byte_ranges(lab: Lab) -> None:
    _application(lab)


@healthy(target=FILM)
def byte_ranges_that_nginx_cuts(lab: Lab) -> None:
    _application(lab, FORCED)


@healthy()
def film_that_nginx_sends(lab: Lab) -> None:
    files = f"  root {FOLDER};\n  location / {{ try_files $uri $uri/ =404; }}\n"
    _serve(lab, files, **{"index.html": WATCH, "film.mp4": "film" * 50_000})


@scenario(outside="http.no-byte-ranges", differs=(site.CONF,))
def film_that_nginx_sends_without_parts(lab: Lab) -> None:
    """`max_ranges 0` from a guide against large numbers of ranges."""
    files = f"  max_ranges 0;\n  root {FOLDER};\n  location / {{ try_files $uri $uri/ =404; }}\n"
    _serve(lab, files, **{"index.html": WATCH, "film.mp4": "film" * 50_000})
