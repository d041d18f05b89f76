"""A program sends a field or a long address that the server does not pass on. Only the address is
known to the person who asks; a GET of it is refused as the application refuses everybody."""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES, apache_scenario, healthy_apache
from .apache_threads import site_with
from .chinese_threads import MINE, PAGES
from .nginx import later
from .nginx_other_requests_failed import log_of_its_own
from .taken_paths import ANOTHER_BLOCK

ADDRESSES = f"https://{site.NAME}/addresses"
SEARCH = f"https://{site.NAME}/api/search"
SCHEME = (
    '{"swagger":"2.0","securityDefinitions":{"key":{"type":"apiKey","name":"NAME","in":"header"}}}'
)
NODE = """
import http.server

class Node(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_asked = self.path == "/api-docs/swagger.json"
        is_known = self.headers.get("NAME") or is_asked
        body = SCHEME if is_asked else '{"error": "API key is not correct"}'
        self.send_response(200 if is_known else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

http.server.ThreadingHTTPServer(("127.0.0.1", 3001), Node).serve_forever()
"""


def _node(lab: Lab, name: str, lines: str = "") -> None:
    text = NODE.replace("SCHEME", repr(SCHEME)).replace("NAME", name)
    lab.spawn(lab.server, lab.server.python("-c", text), 3001)
    fields = (
        "    proxy_set_header Host $http_host;\n    proxy_set_header X-Forwarded-Proto https;\n"
    )
    passed = "".join(
        f"  location {path} {{\n    proxy_pass http://127.0.0.1:3001;\n{fields}  }}\n\n"
        for path in ("/addresses", "/api-docs/")
    )
    lab.change(PAGES, lines + passed + PAGES)


@scenario(
    outside=None, server="upstream.header-name-dropped", target=ADDRESSES, differs=MINE,
    not_on=ANOTHER_BLOCK,
)  # fmt: skip
def described_field_has_an_underscore(lab: Lab) -> None:
    """https://github.com/wavesplatform/Waves/issues/784: the field api_key of the interface."""
    _node(lab, "api_key")


@healthy(target=ADDRESSES, not_on=ANOTHER_BLOCK)
def described_field_has_a_hyphen(lab: Lab) -> None:
    _node(lab, "X-API-Key")


@healthy(target=ADDRESSES, not_on=ANOTHER_BLOCK)
def described_field_with_an_underscore_passes(lab: Lab) -> None:
    _node(lab, "api_key", "  underscores_in_headers on;\n")


def _search(lab: Lab, size: int) -> None:
    """A program that asks with a query of this many bytes. Apache logs nothing of who asks, where
    it refuses the first line: such a line counts in the next second."""
    for _ in range(3):
        lab.client.run(
            ["curl", "-sk", "-o", "/dev/null", "-A", "python-requests/2.31.0", "--http1.1",
             f"{SEARCH}?q={'a' * size}"]
        )  # fmt: skip
    later(lab)


@scenario(
    outside=None, server="upstream.request-header-too-large", target=SEARCH, differs=MINE,
)  # fmt: skip
def nginx_refuses_the_long_query_of_a_program(lab: Lab) -> None:
    """https://github.com/zimmerman-team/IATI.cloud/issues/2265: 414 by nginx's log, whose lines
    have as much of the address as the buffer holds."""
    log_of_its_own(lab)
    _search(lab, 10_000)


@healthy(target=SEARCH)
def nginx_takes_the_long_query_of_a_program(lab: Lab) -> None:
    log_of_its_own(lab, "  large_client_header_buffers 4 32k;\n")
    _search(lab, 10_000)


PASS = "ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / http://127.0.0.1:3000/\n"


@apache_scenario(outside=None, server="server.apache-line-limit", target=SEARCH, differs=FILES)
def apache_refuses_the_long_query_of_a_program(lab: Lab) -> None:
    """The same by Apache: https://httpd.apache.org/docs/2.4/mod/core.html#limitrequestline"""
    apache.serve(lab, site_with(PASS))
    _search(lab, 10_000)


@healthy_apache(target=SEARCH)
def apache_takes_the_query_of_a_program(lab: Lab) -> None:
    apache.serve(lab, site_with(PASS))
    _search(lab, 4000)
