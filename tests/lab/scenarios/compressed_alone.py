"""A file of the page is there compressed alone, and `try_files` looks for the file itself."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

FOLDER = "/var/www/compressed"
TIMEOUT = "  ssl_session_timeout 5m;\n"
PAGE = f"https://{site.NAME}/tea/"


def _serve(lab: Lab, command: str) -> None:
    html = f"<link rel=stylesheet href=/tea/site.css><h1>Tea</h1><p>{'Forty kinds. ' * 9}</p>"
    lab.server.write(f"{FOLDER}/tea/index.html", html)
    lab.server.write(f"{FOLDER}/tea/site.css", "h1 { color: green }\n")
    lab.server.sh(f"{command} {FOLDER}/tea/site.css")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    lines = "gzip_static on;\n    try_files $uri $uri/index.html =404;"
    block = f"  location /tea/ {{\n    root {FOLDER};\n    {lines}\n  }}\n"
    lab.change(TIMEOUT, TIMEOUT + block)


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-not-found", target=PAGE,
    manual="what makes the files is not known",
)  # fmt: skip
def style_sheet_is_there_compressed_alone(lab: Lab) -> None:
    _serve(lab, "gzip")


@healthy(target=PAGE)
def style_sheet_is_there_in_both_forms(lab: Lab) -> None:
    _serve(lab, "gzip -k")
