"""What a server closes and a person wants open: the message says it in words without a number, or
names the program that is shut out."""

import subprocess

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .caddy import caddy_scenario, healthy_caddy
from .forms import HOST, MINE, PAGES
from .server_other_requests_failed import serve_caddy

BLOCKED = (f"the PUT request to https://{site.NAME}/ is blocked",)
PYTHON = ("403 when the API is called with python requests, the browser gets the page",)
TOKEN = (f"https://{site.NAME}/api/items returns 401 although the bearer token is sent",)


def _limited(lab: Lab, methods: str) -> None:
    limit = f"    limit_except {methods} {{\n      deny all;\n    }}\n"
    lab.change(PAGES, PAGES.replace(HOST, f"{HOST}{limit}"))


@scenario(outside=None, server="nginx.method-denied", differs=MINE, args=BLOCKED)
def method_is_refused_and_no_status_told(lab: Lab) -> None:
    """https://github.com/debops/debops/issues/935: limit_except GET HEAD POST { deny all; }."""
    _limited(lab, "GET POST")


@healthy(args=BLOCKED)
def method_passes_and_no_status_is_told(lab: Lab) -> None:
    _limited(lab, "GET POST PUT")


def _mapped(lab: Lab, own: str = "") -> None:
    lines = f"  default 0;\n{own}  ~*(scan|email|Pyth|PyQ) 1;\n"
    robots = f"map $http_user_agent $limit_bots {{\n{lines}}}\n"
    rule = "  if ($limit_bots = 1) {\n    return 403;\n  }\n"
    text = lab.server.read(site.CONF)
    lab.server.write(
        site.CONF, robots + text.replace("  location / {", f"{rule}  location / {{", 1)
    )
    lab.restart_nginx()


@scenario(
    outside="http.request-part-refused", server="nginx.rule-refuses", differs=MINE, args=PYTHON
)
def map_of_robots_refuses_python(lab: Lab) -> None:
    """https://github.com/hufman/vgmdb/issues/94: |Pyth|PyQ in a map of User-Agents."""
    _mapped(lab)


@healthy(args=PYTHON)
def map_of_robots_spares_python(lab: Lab) -> None:
    _mapped(lab, "  ~*python-requests 0;\n")


def _guarded(lab: Lab, matcher: str = "") -> None:
    words = ("caddy", "hash-password", "--plaintext", "secret")
    hashed = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    asked = "\t@asked not path /api/*\n" if matcher else ""
    serve_caddy(lab, f"{asked}\tbasicauth {matcher}{{\n\t\tanna {hashed}\n\t}}\n")


@caddy_scenario(
    outside=None,
    server="server.rule-refuses",
    manual="the site's first page stays behind the password",
    unsure=("client",),
    args=TOKEN,
)
def password_of_caddy_refuses_the_token_of_a_message(lab: Lab) -> None:
    """https://github.com/AUBGTheHUB/monolith/issues/1209: the interface has tokens."""
    _guarded(lab)


@healthy_caddy(args=TOKEN)
def caddy_asks_for_no_password_at_the_interface(lab: Lab) -> None:
    _guarded(lab, "@asked ")
