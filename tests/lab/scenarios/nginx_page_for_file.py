"""The page of a single-page application comes in the place of a file that is not there."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES

ROOT = "/srv/single"
REPLACED = "error_page 404 =200 /index.html;\n  location / { }"
MISSING = "\n  location /assets/ { error_page 404 @missing; }\n  location @missing { return 404; }"
SPA = "location / { try_files $uri $uri/ /index.html; }"


def _built(lab: Lab, rule: str = SPA) -> None:
    lab.undo(lambda: lab.server.sh(f"rm -rf {ROOT}"))
    home = "<!doctype html><title>Shop</title><script src=/assets/app-2.js></script><p>Tea.</p>\n"
    lab.server.write(f"{ROOT}/index.html", home)
    lab.server.write(f"{ROOT}/assets/app-2.js", "document.title += '!';\n")
    lab.server.sh(f"chmod -R a+rX {ROOT}")
    lab.change(PAGES, f"  root {ROOT};\n  {rule}\n")


@scenario(
    outside=None, server="nginx.page-for-file", target=f"https://{site.NAME}/assets/app-1.js",
    manual="a person puts the file there, or corrects the page that asks for it",
)  # fmt: skip
def page_in_the_place_of_an_old_script(lab: Lab) -> None:
    _built(lab)


HASHED = {"app-1.js": "app-BxK9a87c.js", "app-2.js": "app-DUebgR3q.js"}


@scenario(
    outside=None, server="nginx.page-for-file",
    target=f"https://{site.NAME}/assets/{HASHED['app-1.js']}",
    differs=(site.CONF,),
)  # fmt: skip
def page_in_the_place_of_a_script_of_an_old_build(lab: Lab) -> None:
    """After https://jishuzhan.net/article/1991151081863315457."""
    _built(lab)
    lab.edit("app-2.js", HASHED["app-2.js"], f"{ROOT}/index.html")
    lab.server.sh(f"mv {ROOT}/assets/app-2.js {ROOT}/assets/{HASHED['app-2.js']}")


@healthy(target=f"https://{site.NAME}/assets/app-2.js")
def script_beside_the_page_of_every_path(lab: Lab) -> None:
    _built(lab)


@healthy(target=f"https://{site.NAME}/products/tea")
def address_of_the_page_of_every_path(lab: Lab) -> None:
    _built(lab)


@scenario(
    outside=None, server="nginx.page-for-file", target=f"https://{site.NAME}/assets/app-1.js",
    manual="a person puts the file there, or corrects the page that asks for it",
)  # fmt: skip
def error_page_in_the_place_of_an_old_script(lab: Lab) -> None:
    _built(lab, REPLACED)


@healthy(target=f"https://{site.NAME}/assets/app-1.js")
def old_script_is_missing_beside_error_page(lab: Lab) -> None:
    _built(lab, REPLACED + MISSING)


@healthy(target=f"https://{site.NAME}/assets/app-2.js")
def script_beside_error_page(lab: Lab) -> None:
    _built(lab, REPLACED)


@healthy(target=f"https://{site.NAME}/products/tea")
def address_of_the_page_by_error_page(lab: Lab) -> None:
    _built(lab, REPLACED)
