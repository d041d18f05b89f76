"""The error log says why the target's own request is refused, or visitors' browsers lack a file of
its page. A healthy twin has the same answer, and no such line."""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit
from .page_assets import CSS, PAGE

HOME = f"https://{site.NAME}"
FOLDER = "/srv/linked"
KNOWN = "who has the file knows where it belongs"
REFUSED = f"{HOME}/tea.html 403 Forbidden"


def _linked(lab: Lab, line: str) -> None:
    """A page that is a symbolic link."""
    lab.server.write(f"{FOLDER}/real/tea.html", "<!doctype html><title>Tea</title><p>Tea.\n")
    lab.server.sh(f"ln -s real/tea.html {FOLDER}/tea.html; chmod -R a+rX {FOLDER}")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lab.change(PAGE, f"  location / {{\n    root {FOLDER};\n{line}  }}\n\n")


@scenario(
    outside=None, server="nginx.link-forbidden", target=f"{HOME}/tea.html", args=(REFUSED,),
    manual="whether nginx may follow the link, its owner decides", unsure=("client",),
    not_on=UNLOGGED,
)  # fmt: skip
def page_is_a_link_that_nginx_does_not_follow(lab: Lab) -> None:
    """ngx_http_core_module, "disable_symlinks": the log says that it is a link."""
    _linked(lab, "    disable_symlinks on;\n")


@healthy(target=f"{HOME}/tea.html", args=(REFUSED,))
def page_is_a_link_that_nginx_follows(lab: Lab) -> None:
    _linked(lab, "")


#: The page and its style sheet come from /docs/, and the sheet names a font.
SHEET = "@font-face { font-family: Tea; src: url(%s) format('woff2') }\n"
NO_STYLE = "多一层子路径时无法访问静态资源"


def _sheet(lab: Lab, font: str) -> None:
    """The application of /docs/ has a font, and its style sheet names one."""
    lab.server.write(f"{FOLDER}/docs/index.html", "<link rel=stylesheet href=app.css><p>Tea.\n")
    lab.server.write(f"{FOLDER}/docs/app.css", CSS + SHEET % font)
    lab.server.write(f"{FOLDER}/docs/tea.woff2", "wOF2")
    lab.server.sh(f"chmod -R a+rX {FOLDER}")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    log_of_its_own(lab, f"  location /docs/ {{ root {FOLDER}; }}\n")
    for _ in range(2):
        visit(lab, font, referer=f"{HOME}/docs/app.css")


@scenario(
    outside=None, server="http.page-request-failed", target=f"{HOME}/docs/", args=(NO_STYLE,),
    manual=KNOWN,
)  # fmt: skip
def font_that_no_location_has(lab: Lab) -> None:
    _sheet(lab, "/docs/old/pot.woff2")


@healthy(target=f"{HOME}/docs/", args=(NO_STYLE,))
def font_that_is_there(lab: Lab) -> None:
    _sheet(lab, "/docs/tea.woff2")


def _below(lab: Lab, font: str) -> None:
    """An application below /docs/, whose style sheet names its font by a path from the root."""
    lab.server.write(f"{FOLDER}/index.html", "<link rel=stylesheet href=css/app.css><p>Tea.\n")
    lab.server.write(f"{FOLDER}/css/app.css", CSS + SHEET % font)
    lab.server.write(f"{FOLDER}/fonts/tea.woff2", "wOF2")
    lab.server.sh(f"chmod -R a+rX {FOLDER}")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    log_of_its_own(lab, f"  location /docs/ {{ alias {FOLDER}/; }}\n")


@scenario(
    outside="http.base-path-missing", target=f"{HOME}/docs/",
    manual="the base path is a setting of the application's build",
)  # fmt: skip
def font_of_a_style_sheet_leaves_the_folder(lab: Lab) -> None:
    """https://github.com/lifei6671/plaindoc/issues/18: the page loads, and its icons are boxes."""
    _below(lab, "/fonts/tea.woff2")


@healthy(target=f"{HOME}/docs/")
def font_of_a_style_sheet_is_below_the_folder(lab: Lab) -> None:
    _below(lab, "../fonts/tea.woff2")
