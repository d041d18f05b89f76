"""A path of a single-page application that is a folder of files too: `try_files $uri $uri/` finds
the folder, and the application's page is not sent."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario

ROOT = "/srv/spa"
PAGE = '<!doctype html><title>Shop</title><script src="/assets/app.js"></script><p>Welcome.</p>'
DOCS = f"https://{site.NAME}/docs"
SENT = f"clicking Docs sent users to https://{site.NAME}:8080/docs/ and a broken page"


def _spa(lab: Lab, tried: str) -> None:
    lab.server.write(f"{ROOT}/index.html", PAGE)
    lab.server.write(f"{ROOT}/assets/app.js", 'const routes = ["/", "/docs"];\n')
    lab.server.write(f"{ROOT}/docs/intro.md", "# Intro\n")
    start, end = site.HTTPS.index("  location / {"), site.HTTPS.rindex("}")
    own = f"  root {ROOT};\n  location / {{\n    try_files {tried} /index.html;\n  }}\n"
    lab.configure(f"{site.HTTPS[:start]}{own}{site.HTTPS[end:]}\n{site.HTTP}")


@scenario(
    outside=None, server="nginx.index-missing", target=DOCS, args=(SENT,),
    manual="the folder is renamed, or try_files is changed", not_on=UNLOGGED,
)  # fmt: skip
def route_that_is_a_folder(lab: Lab) -> None:
    """/docs is a route and a folder without an index; a redirect behind a mapped port added 8080.

    After https://github.com/ChronoAIProject/NyxID/pull/833.
    """
    _spa(lab, "$uri $uri/")


@healthy(target=DOCS, args=(SENT,))
def route_beside_a_folder(lab: Lab) -> None:
    """Without `$uri/` the folder's path gets the application's page."""
    _spa(lab, "$uri")
