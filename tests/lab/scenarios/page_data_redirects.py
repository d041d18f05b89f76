"""What a page's scripts read is redirected to http, and browsers block the request."""

from ..lab import Lab
from ..scenario import healthy, scenario
from .http_page_for_api import single_page

READS = 'fetch("/api/items").then(r=>r.json()).then(show)\n'
PASS = "    proxy_pass http://127.0.0.1:3001;\n    proxy_set_header Host $http_host;\n"


def _interface(lab: Lab, lines: str) -> None:
    server = lab.server.application("framework_server", "adds-a-slash", "3001")
    lab.spawn(lab.server, server, 3001)
    single_page(lab, READS, f"  location /api/ {{\n{PASS}{lines}  }}\n")


@scenario(outside="http.redirect-downgrade", manual="the page is not the laboratory's")
def interface_adds_a_slash_and_is_not_told_https(lab: Lab) -> None:
    """FastAPI redirects /api/items to http://…/api/items/. After
    https://github.com/Kludex/starlette/issues/2748."""
    _interface(lab, "")


@healthy()
def interface_adds_a_slash_and_is_told_https(lab: Lab) -> None:
    _interface(lab, "    proxy_set_header X-Forwarded-Proto $scheme;\n")
