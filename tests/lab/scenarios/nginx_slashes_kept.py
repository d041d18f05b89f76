"""A condition on $request_uri, and an address with two slashes in a row."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .forms import MINE

DOUBLE = f"https://{site.NAME}//shop/"
#: The application that has no such page.
OTHER = (
    "import http.server\n"
    "class App(http.server.BaseHTTPRequestHandler):\n"
    "    def do_GET(self): self.send_error(500)\n"
    "http.server.HTTPServer(('127.0.0.1', 9001), App).serve_forever()\n"
)


def _chosen(lab: Lab, expression: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", OTHER), 9001)
    answer = "proxy_pass http://127.0.0.1:3000;"
    rule = f'    if ($request_uri ~ "{expression}") {{\n      {answer}\n    }}\n'
    block = f"  location /shop/ {{\n{rule}    proxy_pass http://127.0.0.1:9001;\n  }}\n\n"
    text = lab.server.read(site.CONF)
    lab.server.write(site.CONF, text.replace("  location / {", f"{block}  location / {{", 1))
    lab.restart_nginx()


@scenario(
    target=DOUBLE,
    outside="http.server-error",
    server="nginx.slashes-kept",
    differs=MINE,
    heals="server",
)
def request_with_two_slashes_gets_another_application(lab: Lab) -> None:
    """https://github.com/kubernetes/ingress-nginx/issues/10088"""
    _chosen(lab, "^/shop/(.*)")


@healthy(target=DOUBLE)
def request_with_two_slashes_gets_its_application(lab: Lab) -> None:
    """The same, as it is mended there."""
    _chosen(lab, "^(/+)shop(/+)(.*)")
