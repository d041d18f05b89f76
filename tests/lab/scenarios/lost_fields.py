"""Fields that protect visitors, lost on their way: scanners name them, and the page works.

After questions on Server Fault ("nginx add_header not working in location", "security headers
missing although set in server block") and the findings of OWASP ZAP and Mozilla's observatory.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .taken_paths import PAGES

MINE = (site.CONF,)
FIELDS = (
    '  add_header Strict-Transport-Security "max-age=300" always;\n'
    "  add_header X-Frame-Options SAMEORIGIN always;\n"
)
TIMEOUT = "  ssl_session_timeout 5m;\n"
OWN = "  location / {\n    add_header Cache-Control no-store;\n"
HSTS = ("HSTS Missing From HTTPS Server (RFC 6797)",)


def _lines(lab: Lab, fields: str, own: str = "  location / {\n") -> None:
    lab.change(TIMEOUT, f"{TIMEOUT}{fields}")
    lab.change("  location / {\n", own)


@scenario(outside=None, server="nginx.header-lost", args=HSTS, differs=MINE, unsure=("client",))
def field_of_the_server_block_is_not_inherited(lab: Lab) -> None:
    _lines(lab, FIELDS, OWN)


@scenario(
    outside=None, server="nginx.header-lost", args=("X-Frame-Options header missing",),
    differs=MINE, unsure=("client",),
)  # fmt: skip
def field_that_a_scanner_names_is_not_inherited(lab: Lab) -> None:
    _lines(lab, FIELDS, OWN)


@scenario(outside=None, server="nginx.header-lost", args=HSTS, differs=MINE, unsure=("client",))
def field_is_not_inherited_by_the_page_of_try_files(lab: Lab) -> None:
    """Both locations have a field of their own, and /index.html answers."""
    lab.server.write("/var/www/page/index.html", "<!doctype html><title>Shop</title><p>Tea\n")
    root = "    root /var/www/page;\n"
    end = f"{root}    try_files $uri $uri/ /index.html;\n    add_header X-Own 1;\n  }}\n"
    page = f"{root}    add_header Cache-Control no-store;\n  }}\n"
    lab.change(TIMEOUT, f"{TIMEOUT}{FIELDS}")
    lab.change(PAGES, f"  location / {{\n{end}  location = /index.html {{\n{page}")


@healthy()
def lost_fields_that_nobody_misses(lab: Lab) -> None:
    """A note."""
    _lines(lab, FIELDS, OWN)


@healthy(args=HSTS)
def field_of_the_server_block_is_inherited(lab: Lab) -> None:
    _lines(lab, FIELDS)


@healthy(args=HSTS)
def field_is_repeated_in_the_location(lab: Lab) -> None:
    _lines(lab, FIELDS, OWN + FIELDS.replace("  add", "    add"))
