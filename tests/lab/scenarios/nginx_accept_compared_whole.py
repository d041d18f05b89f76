"""Scenarios of nginx.accept-compared-whole."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
URL = f"https://{site.NAME}/"
ACCEPT = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/x"'
TOLD = (f"curl -H 'Accept: {ACCEPT}' {URL} answers HTML instead of JSON",)
IF = '    if ($http_accept {} "{}") {{ set $application 3001; }}\n'
TABLE = 'map $http_accept $application {{\n  default 3000;\n  "{}" 3001;\n}}\n'
TYPE, PATTERN = "application/activity+json", r"application/activity\+json"


def _serve(lab: Lab, lines: str, table: str = "") -> None:
    """A page, and what other servers ask for at the same address, of another application."""
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/"), 3001)
    passed = "    proxy_pass http://127.0.0.1:$application;\n"
    if table:
        lab.change("server {", f"{table}server {{")
    lab.change(PAGE, f"  location / {{\n{lines}{passed}  }}\n")


def _compared(lab: Lab, operator: str, value: str) -> None:
    _serve(lab, "    set $application 3000;\n" + IF.format(operator, value))


@scenario(
    outside=None, server="nginx.accept-compared-whole", target=URL, args=TOLD, differs=MINE,
)  # fmt: skip
def accept_compared_in_an_if(lab: Lab) -> None:
    """After issues 106 of lemmy-ansible and 5128 of Lemmy."""
    _compared(lab, "=", TYPE)


@scenario(
    outside=None, server="nginx.accept-compared-whole", target=URL, args=TOLD, differs=MINE,
)  # fmt: skip
def accept_compared_in_a_map(lab: Lab) -> None:
    _serve(lab, "", TABLE.format(TYPE))


@healthy(target=URL, args=TOLD)
def accept_looked_for_in_an_if(lab: Lab) -> None:
    _compared(lab, "~", PATTERN)


@healthy(target=URL, args=TOLD)
def accept_looked_for_in_a_map(lab: Lab) -> None:
    _serve(lab, "", TABLE.format(f"~{PATTERN}"))
