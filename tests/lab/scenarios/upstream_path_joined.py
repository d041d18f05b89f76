"""Scenarios of upstream.path-joined: another block of this nginx plays the application."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
PASS = "http://127.0.0.1:3000"
API = f"https://{site.NAME}/api/users"
PAGE = "<!doctype html><title>Status</title><div></div><script src=/assets/app.js></script>"


def _inner(lab: Lab, lines: str) -> None:
    block = f"server {{\n  listen 127.0.0.1:3001;\n  default_type text/html;\n{lines}}}\n"
    lab.edit(site.MAP, f"{site.MAP}\n{block}")


def _api(lab: Lab, address: str) -> None:
    _inner(lab, "  location = /v1/users { return 200 '[]'; }\n  location / { return 404; }\n")
    lab.change(PAGES, f"  location /api/ {{\n    proxy_pass {address};\n  }}\n\n{PAGES}")


@scenario(outside=None, server="upstream.path-joined", differs=MINE, target=API)
def slash_lost_between_two_words(lab: Lab) -> None:
    """`location /api/` and `proxy_pass http://127.0.0.1:3001/v1;`: "/v1users"."""
    _api(lab, "http://127.0.0.1:3001/v1")


@scenario(
    outside="http.page-file-type", server="upstream.path-joined", manual="which page is meant?"
)
def page_of_the_application_in_proxy_pass(lab: Lab) -> None:
    """After issue 2221 of uptime-kuma: the whole site is passed on to one page, and so are its
    scripts."""
    script = "  location = /assets/app.js { default_type text/javascript; return 200 '1'; }\n"
    _inner(lab, f"{script}  location / {{ return 200 '{PAGE}'; }}\n")
    lab.change(PAGES, PAGES.replace(PASS, "http://127.0.0.1:3001/status/all"))


@healthy(target=API)
def path_with_the_slash(lab: Lab) -> None:
    _api(lab, "http://127.0.0.1:3001/v1/")
