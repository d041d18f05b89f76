"""The page names its files with a version that the file system has not: a `rewrite` of nginx takes
it away."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import CSS, FOLDER, _serve

PAGE = (
    "<!doctype html>\n<title>Shop</title>\n"
    '<link rel=stylesheet href="/static/version1486500000/css/styles.css">\n'
    "<p>Forty kinds of tea, and the pots that go with them.</p>\n"
)
STATIC = (
    "  location /static/ {\n"
    "    location ~* \\.(css|js)$ { expires 1y; }\n"
    "    try_files $uri =404;\n"
    "  }\n"
)
TAKEN = "  rewrite ^(/static)/version[0-9._-]+/(.*)$ $1/$2 last;\n"


def _shop(lab: Lab, rewrite: str) -> None:
    lines = f"  root {FOLDER};\n{rewrite}{STATIC}"
    _serve(lab, lines, **{"index.html": PAGE, "static/css/styles.css": CSS})


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-not-found",
    manual="the rewrite belongs to the example that comes with the application",
)  # fmt: skip
def version_that_nobody_takes_away(lab: Lab) -> None:
    """After https://github.com/richdynamix/magestead/issues/92: Magento from 2.1.3 on."""
    _shop(lab, "")


@healthy()
def version_that_a_rewrite_takes_away(lab: Lab) -> None:
    """The line of the report."""
    _shop(lab, TAKEN)
