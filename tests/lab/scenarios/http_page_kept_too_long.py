"""Scenarios of http.page-kept-too-long."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import LOG, visit
from .page_assets import FOLDER, _build, _serve

KEPT = (
    f"  root {FOLDER};\n  location / {{\n    expires 1y;\n    try_files $uri /index.html;\n  }}\n"
)
FILES = f"  root {FOLDER};\n  location / {{ try_files $uri /index.html; }}\n"
ASSETS = "  location /assets/ { expires 1y; }\n"


def _site(lab: Lab, lines: str) -> None:
    names = {name.replace("4f2a", "4f2a9c1b"): text for name, text in _build().items()}
    names["index.html"] = names["index.html"].replace("4f2a", "4f2a9c1b")
    _serve(lab, lines, **names)


@scenario(outside="http.page-kept-too-long", differs=(site.CONF,))
def page_of_a_build_that_browsers_keep(lab: Lab) -> None:
    """After issue 17 of Steemhunt: index.html was kept, and visitors saw the old release."""
    _site(lab, KEPT)


@healthy()
def files_of_a_build_that_browsers_keep(lab: Lab) -> None:
    _site(lab, FILES + ASSETS)


#: A missing file answers 404.
FILES_ALONE = "  location /assets/ { expires 1y; try_files $uri =404; }\n"
OLD = "/assets/index-77aa9c1b.js"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0"


def _visited(lab: Lab, page: str = "") -> None:
    """A visitor has the page of another build, and asks for its script."""
    lab.server.sh(f"rm -f {LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {LOG}"))
    files = FILES.replace("{ try_files", "{ " + page + "try_files")
    _site(lab, f"  access_log {LOG} combined;\n{files}{FILES_ALONE}")
    lab.server.sh(f"touch -d '9 days ago' {FOLDER}/index.html")
    # The other script is loaded too, so that it was a browser.
    visit(lab, "/assets/index-9c1b.css", "-A", CHROME)
    visit(lab, OLD, "-A", CHROME)


@scenario(outside=None, server="http.page-kept-too-long", manual="browsers keep what they have")
def page_of_an_older_build_in_browsers(lab: Lab) -> None:
    """After https://github.com/AceDataCloud/Nexior/pull/565: the page says nothing of how long it
    may be kept, and visitors ask for scripts that are gone."""
    _visited(lab)


@healthy()
def page_that_browsers_ask_for(lab: Lab) -> None:
    """The same requests: tabs that were open before."""
    _visited(lab, "expires -1; ")
