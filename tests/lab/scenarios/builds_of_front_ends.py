"""A front end that was built with an address of development, and whose folder has the build."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

FOLDER = "/srv/front"
BUILD = ". ./.env && sed s,BASE,$PUBLIC_URL,g main.src > build/main.js"
SCRIPT = 'window.panel={at:"BASE"};fetch("BASE/panel/init").then(show);\n'
ORIGIN = f"https://{site.NAME}"
INNER = "http://localhost:3001"
#: The message of Chromium (issue 15118 of strapi/strapi).
REFUSED = (
    f"Refused to connect to '{INNER}/panel/init' because it violates the following Content "
    "Security Policy directive: \"connect-src 'self' https:\"."
)


def _front(lab: Lab, built_with: str) -> None:
    server = lab.server
    server.write(f"{FOLDER}/package.json", f'{{"scripts": {{"build": "{BUILD}"}}}}\n')
    server.write(f"{FOLDER}/.env", f"PORT=3001\nPUBLIC_URL={ORIGIN}\n")
    server.write(f"{FOLDER}/main.src", SCRIPT)
    server.write(f"{FOLDER}/build/main.js", SCRIPT.replace("BASE", built_with))
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}"))
    start = " ".join(server.application("built_server", "front", "3001"))
    lab.spawn(server, ("sh", "-c", f"cd {FOLDER} && exec {start}"), 3001)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))


@scenario(outside="http.localhost-in-page")
def front_end_was_built_before_its_address_was_set(lab: Lab) -> None:
    """The policy forbids the address too: to allow it there would reach the visitor's machine."""
    _front(lab, INNER)


@scenario(outside="http.localhost-in-page", args=(REFUSED,))
def front_end_was_built_before_its_address_was_set_by_the_message(lab: Lab) -> None:
    _front(lab, INNER)


@healthy()
def front_end_was_built_with_its_address(lab: Lab) -> None:
    _front(lab, ORIGIN)


PROJECT = "/srv/app"
PAGE = "<!doctype html><title>Vite</title><div id=root></div><script type=module src={}></script>"


def _vite(lab: Lab, root: str, *, is_built: bool = True) -> None:
    """A project as `npm create vite` makes it, with its build."""
    server = lab.server
    server.write(f"{PROJECT}/index.html", PAGE.format("/src/main.jsx"))
    server.write(f"{PROJECT}/src/main.jsx", "import App from './App.jsx'\nrender(<App />)\n")
    if is_built:
        server.write(f"{PROJECT}/dist/index.html", PAGE.format("/assets/index-4f3a.js"))
        server.write(f"{PROJECT}/dist/assets/index-4f3a.js", "1;\n")
    server.sh(f"chmod -R a+rX {PROJECT}")
    lab.undo(lambda: server.sh(f"rm -rf {PROJECT}"))
    lines = "  location / {\n    try_files $uri $uri/ /index.html;\n  }\n\n"
    lab.change(PAGES, f"  root {root};\n{lines}")


@scenario(outside="http.unbuilt-page", differs=(site.CONF,))
def root_is_the_source_of_a_front_end(lab: Lab) -> None:
    """A guide's `root /var/www/app/dist`, without dist: visitors see an empty page."""
    _vite(lab, PROJECT)


@scenario(outside="http.unbuilt-page", manual="it has to be built")
def front_end_was_never_built(lab: Lab) -> None:
    _vite(lab, PROJECT, is_built=False)


@healthy()
def root_is_the_build_of_a_front_end(lab: Lab) -> None:
    _vite(lab, f"{PROJECT}/dist")
