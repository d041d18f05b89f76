"""An upload is larger than what Caddy or HAProxy lets through, and the application's own limit is
not met."""

from .. import caddy, haproxy
from ..lab import Lab
from .apache_threads import TOO_LARGE
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .nginx_other_requests_failed import visit
from .server_other_requests_failed import CADDY_LOG, serve_caddy, serve_haproxy

LIBRARY = "https://shop.example.com/library"
CADDY_LIMIT = "\trequest_body /library* {\n\t\tmax_size 1MB\n\t}\n"
HAPROXY_LIMIT = "    http-request deny deny_status 413 if { req.body_size gt 1048576 }\n"
OWN_LOG = "/var/log/caddy-own.log"
OPTION = "\tskip_install_trust\n"
#: Reads the body as it comes.
APPLICATION = """
import http.server

class Application(http.server.BaseHTTPRequestHandler):
    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        while size > 0 and (part := self.rfile.read(min(size, 65536))):
            size -= len(part)
        body = b"<!doctype html><title>Shop</title><h1>A library of photos</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = answer
    log_message = lambda *_: None

http.server.ThreadingHTTPServer(("127.0.0.1", 3009), Application).serve_forever()
"""


def _upload(lab: Lab, size: int = 3_000_000, times: int = 1) -> None:
    lab.client.sh(f"head -c {size} /dev/zero > /run/upload")
    for _ in range(times):
        visit(lab, "/library", "-H", "Expect:", "--http1.1", "-F", "file=@/run/upload")


def _application(lab: Lab) -> None:
    lab.spawn(lab.server, lab.server.python("-c", APPLICATION), 3009)


def _caddy(lab: Lab, limit: str = CADDY_LIMIT) -> None:
    _application(lab)
    serve_caddy(lab, f"{limit}\treverse_proxy /library* 127.0.0.1:3009\n")


def _caddy_with_its_own_log(lab: Lab) -> None:
    """What Caddy writes of requests that failed is in a file, as it is in the journal elsewhere."""
    lab.server.sh(f"rm -f {OWN_LOG} {CADDY_LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {OWN_LOG} {CADDY_LOG}"))
    _application(lab)
    log = f"\tlog {{\n\t\toutput file {CADDY_LOG}\n\t}}\n"
    routes = f"{log}{CADDY_LIMIT}\treverse_proxy /library* 127.0.0.1:3009\n\treverse_proxy"
    caddy.install(lab, caddy.SHOP.replace("\treverse_proxy", routes))
    own = OPTION + log.replace(CADDY_LOG, OWN_LOG)
    caddy.edit(lab, OPTION, own)
    caddy.start(lab)


def _haproxy(lab: Lab, limit: str = HAPROXY_LIMIT) -> None:
    _application(lab)
    serve_haproxy(lab, f"{limit}    use_backend other if {{ path_beg /library }}\n")


@caddy_scenario(
    outside=None, server="server.body-limit", args=(TOO_LARGE,), differs=(caddy.CONFIG,),
    target=LIBRARY,
)  # fmt: skip
def caddy_limits_the_body_by_words(lab: Lab) -> None:
    """Nothing is in the log."""
    _caddy(lab)


@caddy_scenario(outside=None, server="server.body-limit", differs=(caddy.CONFIG,))
def caddy_limits_the_body_of_uploads_of_a_page(lab: Lab) -> None:
    """Caddy 2.6 sends the body to the application, and answers 502 when the limit is reached."""
    _caddy_with_its_own_log(lab)
    _upload(lab, times=2)


@healthy_caddy()
def caddy_takes_the_uploads_of_a_page(lab: Lab) -> None:
    _caddy(lab)
    _upload(lab, 300_000, times=2)


@healthy_caddy(args=(TOO_LARGE,), target=LIBRARY)
def caddy_limits_the_body_elsewhere(lab: Lab) -> None:
    _caddy(lab, CADDY_LIMIT.replace("/library*", "/comments*"))
    _upload(lab)


@haproxy_scenario(
    outside=None, server="server.body-limit", args=(TOO_LARGE,), differs=(haproxy.CONFIG,),
    target=LIBRARY,
)  # fmt: skip
def haproxy_limits_the_body_by_words(lab: Lab) -> None:
    _haproxy(lab)


@haproxy_scenario(outside=None, server="server.body-limit", differs=(haproxy.CONFIG,))
def haproxy_limits_the_body_of_uploads_of_a_page(lab: Lab) -> None:
    """HAProxy's log has no Referer: the visitors got the page at the same path before."""
    _haproxy(lab)
    visit(lab, "/library")
    _upload(lab, times=2)


@healthy_haproxy(args=(TOO_LARGE,), target=LIBRARY)
def haproxy_takes_the_uploads_of_a_page(lab: Lab) -> None:
    _haproxy(lab, HAPROXY_LIMIT.replace("1048576", "104857600"))
    _upload(lab, times=2)
