"""An application in a sub-folder redirects to the path that it was asked for, with or without its
last slash, and without the folder: another location answers there with its own page."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
ITEMS = f"https://{site.NAME}/api/roms/"
PASS = "    proxy_pass http://127.0.0.1:3001;\n    proxy_set_header Host $http_host;\n"
TOLD = f"{PASS}    proxy_set_header X-Forwarded-Proto $scheme;\n"
CUT = "    rewrite /api/(.*) /$1 break;\n"
SHELL = "<!doctype html><title>Shop</title><div id=app></div><p>The shop, and what it sells.</p>\n"


def _interface(lab: Lab, rewrite: str) -> None:
    """A single-page application of files, and its interface below /api/."""
    lab.spawn(lab.server, lab.server.application("framework_server", "fastapi-slash", "3001"), 3001)
    lab.server.write("/srv/spa/index.html", SHELL)
    lab.undo(lambda: lab.server.sh("rm -rf /srv/spa"))
    files = "  root /srv/spa;\n  location / {\n    try_files $uri $uri/ /index.html;\n  }\n"
    lab.change(PAGES, f"{files}  location /api {{\n{rewrite}{TOLD}  }}\n")


@scenario(
    outside=None, server="http.redirect-leaves-folder", target=ITEMS, differs=(site.CONF,)
)  # fmt: skip
def slash_of_an_interface_that_does_not_know_its_folder(lab: Lab) -> None:
    """https://github.com/rommapp/romm/pull/1058: /api/roms/ leads to /roms, and that to the
    single-page application."""
    _interface(lab, CUT)


@healthy(target=ITEMS)
def slash_of_an_interface_that_knows_its_folder(lab: Lab) -> None:
    _interface(lab, "")
