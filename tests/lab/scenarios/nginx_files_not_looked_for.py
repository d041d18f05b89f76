"""nginx answers 404 for a file that is there: `try_files` does not name it, or another location
takes the path of the index file (ngx_http_core_module, "try_files"; ngx_http_index_module)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import MINE
from .page_assets import CSS, PAGE

FOLDER = "/srv/tea"
SHEET = f"https://{site.NAME}/styles.css"


def _serve(lab: Lab, lines: str) -> None:
    lab.server.write(f"{FOLDER}/index.html", "<link rel=stylesheet href=styles.css><p>Tea.\n")
    lab.server.write(f"{FOLDER}/styles.css", CSS)
    lab.server.sh(f"chmod -R a+rX {FOLDER}")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lab.change(PAGE, f"  root {FOLDER};\n{lines}\n")


@scenario(outside=None, server="nginx.target-not-found", target=SHEET, differs=MINE)
def try_files_names_index_files_alone(lab: Lab) -> None:
    """https://github.com/nginx/docker-nginx/issues/962: the style sheet does not come."""
    _serve(lab, "  location / {\n    try_files $uri/index.html =404;\n  }\n")


@healthy(target=SHEET)
def try_files_names_the_file_first(lab: Lab) -> None:
    _serve(lab, "  location / {\n    try_files $uri $uri/index.html =404;\n  }\n")


def _taken(lab: Lab, prefix: str) -> None:
    own = f"  location / {{\n    root {FOLDER};\n  }}\n"
    _serve(lab, f"{own}  location {prefix} {{\n    alias {FOLDER};\n  }}\n")


@scenario(outside=None, server="nginx.target-not-found", differs=MINE)
def index_file_is_taken_by_a_prefix(lab: Lab) -> None:
    """https://www.yuucn.com/a/1590746.html: /index.html is the path of `location /index`."""
    _taken(lab, "/index")


@healthy()
def prefix_that_takes_no_index_file(lab: Lab) -> None:
    _taken(lab, "/home")


THEME = f"https://{site.NAME}/admin/themes/dark/theme.css"
_ENDINGS = r"(.+\.(css|js|png))"


def _admin(lab: Lab, lines: str) -> None:
    lab.server.write("/srv/share/admin/index.html", "<p>The administration.\n")
    lab.server.write("/srv/share/admin/themes/dark/theme.css", CSS)
    lab.server.sh("chmod -R a+rX /srv/share")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/share"))
    lab.change(PAGE, f"  location /admin {{\n    alias /srv/share/admin/;\n{lines}  }}\n{PAGE}")


def _nested(line: str) -> str:
    return f"    location ~ ^/admin/{_ENDINGS}$ {{\n      {line}\n    }}\n"


@scenario(outside=None, server="nginx.target-not-found", target=THEME, differs=MINE)
def root_in_an_expression_doubles_the_folder(lab: Lab) -> None:
    """https://github.com/hestiacp/hestiacp/pull/4590: no style sheet of phpMyAdmin comes."""
    _admin(lab, _nested("root /srv/share/admin/;"))


@healthy(target=THEME)
def alias_in_an_expression_has_the_rest(lab: Lab) -> None:
    _admin(lab, _nested("alias /srv/share/admin/$1;"))


@healthy(target=THEME)
def root_in_an_expression_names_the_folder_above(lab: Lab) -> None:
    _admin(lab, _nested("root /srv/share;"))
