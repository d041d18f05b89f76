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
