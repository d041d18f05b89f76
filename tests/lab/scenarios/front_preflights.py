"""HAProxy or Caddy permits another site, and the application behind it refuses the preflight."""

from .. import caddy, haproxy
from ..caddy import SHOP
from ..haproxy import SITE
from ..lab import Lab
from .caddy import caddy_scenario
from .haproxy import haproxy_scenario, healthy_haproxy

ORIGIN = "https://app.example.org"
API = "https://shop.example.com/api/users"
PREFLIGHT = ("--origin", ORIGIN, "--method", "OPTIONS")
FIELDS = {
    "Access-Control-Allow-Origin": ORIGIN,
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
}
ANSWER = "http-request return status 204" + "".join(f' hdr {n} "{v}"' for n, v in FIELDS.items())
#: An interface that knows no OPTIONS.
CODE = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.answer(200, b"[]")
    do_POST = do_GET
    def do_OPTIONS(self): self.answer(405, b"")
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 3001), Handler).serve_forever()
"""


def _behind_haproxy(lab: Lab, *rules: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", CODE), 3001)
    sent = (f'http-response set-header {name} "{value}"' for name, value in FIELDS.items())
    lines = "".join(f"    {rule}\n" for rule in (*rules, *sent))
    own = f"{lines}    use_backend app if {{ path /ws }}\n    default_backend api\n"
    api = "\nbackend api\n    server api1 127.0.0.1:3001\n"
    haproxy.serve(lab, SITE.replace("    default_backend app\n", own, 1) + api)


@haproxy_scenario(
    outside="http.cors-refused", target=API, args=PREFLIGHT, differs=(haproxy.CONFIG,)
)
def haproxy_passes_a_preflight_on(lab: Lab) -> None:
    """https://github.com/haproxytech/haproxy-lua-cors/issues/2: the backend answers 405."""
    _behind_haproxy(lab)


CUT = "Response to preflight request doesn't pass access control check: It does not have HTTP ok"


@haproxy_scenario(outside="http.cors-refused", target=API, args=(CUT,), differs=(haproxy.CONFIG,))
def haproxy_passes_a_preflight_of_a_cut_message_on(lab: Lab) -> None:
    """The console's line without its beginning, which names the page."""
    _behind_haproxy(lab)


@healthy_haproxy(target=API, args=(CUT,))
def haproxy_answers_a_preflight_of_a_cut_message(lab: Lab) -> None:
    _behind_haproxy(lab, f"{ANSWER} if METH_OPTIONS")


@healthy_haproxy(target=API, args=PREFLIGHT)
def haproxy_answers_a_preflight(lab: Lab) -> None:
    _behind_haproxy(lab, f"{ANSWER} if METH_OPTIONS")


@caddy_scenario(outside="http.cors-refused", target=API, args=PREFLIGHT, differs=(caddy.CONFIG,))
def caddy_passes_a_preflight_on(lab: Lab) -> None:
    """The same with `header` lines of Caddy."""
    lab.spawn(lab.server, lab.server.python("-c", CODE), 3001)
    lines = "".join(f'\theader {name} "{value}"\n' for name, value in FIELDS.items())
    own = f"{lines}\treverse_proxy /ws 127.0.0.1:3000\n\treverse_proxy 127.0.0.1:3001"
    caddy.serve(lab, SHOP.replace("\treverse_proxy 127.0.0.1:3000", own))
