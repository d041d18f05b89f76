"""Scenarios of http.page-kept-too-long."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
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
