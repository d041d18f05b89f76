"""Scenarios of http.own-file-type."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
SHEET = f"https://{site.NAME}/stylesheets/screen.css"
WORDS = ("some browsers do not recognize the stylesheet as CSS, the page has no style",)


def _sheets(lab: Lab, lines: str = "") -> None:
    """A program sends its style sheets without a type."""
    lab.spawn(lab.server, lab.server.application("raw_server", "sheet", "--port", "3001"), 3001)
    location = (
        "  location /stylesheets {\n    expires 4h;\n"
        f"    proxy_pass http://127.0.0.1:3001;\n{lines}  }}\n"
    )
    lab.change(PAGE, location + PAGE)


@scenario(outside="http.own-file-type", target=SHEET, args=WORDS, differs=MINE)
def style_sheet_comes_without_a_type(lab: Lab) -> None:
    """https://github.com/clojars/clojars-web/issues/183."""
    _sheets(lab)


@healthy(target=SHEET, args=WORDS)
def style_sheet_gets_its_type_from_nginx(lab: Lab) -> None:
    _sheets(lab, "    add_header Content-Type text/css;\n")
