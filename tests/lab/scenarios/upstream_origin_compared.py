"""Scenarios of upstream.origin-compared and of server.host-not-passed for what scripts send: the
application compares the Origin with the Host, which the server in front replaces.

After https://github.com/jupyter/help/issues/56: Apache without ProxyPreserveHost, Jupyter answers
404 and kernels cannot be shut down. And the same with nginx.
"""

from .. import apache, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES as APACHE_FILES
from .apache import apache_scenario, healthy_apache
from .frameworks import PAGES

PORT, KERNEL = 8888, "/api/kernels/7"
NOTEBOOK = f"""
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Notebook(BaseHTTPRequestHandler):
    def do_GET(self):
        origin = self.headers.get("Origin", "").partition("://")[2]
        refused = self.path.startswith("/api/") and origin and origin != self.headers["Host"]
        body = b"<!doctype html><title>Home</title><p>Notebooks</p>\\n"
        self.send_response(404 if refused else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_GET

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("127.0.0.1", {PORT}), Notebook).serve_forever()
"""


def _notebook(lab: Lab) -> None:
    lab.server.write("/opt/notebook.py", NOTEBOOK)
    lab.undo(lambda: lab.server.sh("rm -f /opt/notebook.py"))
    lab.spawn(lab.server, [*lab.server.python(), "/opt/notebook.py"], PORT)


def _shut_down(lab: Lab) -> None:
    """A script of the page asks for a kernel's end, twice."""
    url = f"https://{site.NAME}"
    own = ("-H", f"Origin: {url}", "-H", f"Referer: {url}/", "-A", "Mozilla/5.0 Chrome/126.0")
    for _ in range(2):
        lab.client.run(["curl", "-sSk", "-o", "/dev/null", "-X", "DELETE", *own, url + KERNEL])


def _nginx(lab: Lab, line: str = "") -> None:
    _notebook(lab)
    lines = f"  location / {{\n    proxy_pass http://127.0.0.1:{PORT};\n{line}  }}\n\n"
    lab.change(PAGES, lines)
    _shut_down(lab)


@scenario(outside=None, server="upstream.origin-compared", differs=(site.CONF,))
def nginx_hides_the_host_from_what_compares_it_with_the_origin(lab: Lab) -> None:
    _nginx(lab)


@healthy()
def nginx_shows_the_host_to_what_compares_it_with_the_origin(lab: Lab) -> None:
    _nginx(lab, "    proxy_set_header Host $host;\n")


def _apache(lab: Lab, keeps: str) -> None:
    _notebook(lab)
    text = apache.HTTPS.replace("127.0.0.1:3000/\n", f"127.0.0.1:{PORT}/\n")
    text = text.replace("    ProxyPreserveHost On\n", keeps)
    apache.serve(lab, f"{text}\n{apache.HTTP}")
    _shut_down(lab)


@apache_scenario(outside=None, server="server.host-not-passed", differs=APACHE_FILES)
def apache_hides_the_host_from_what_compares_it_with_the_origin(lab: Lab) -> None:
    _apache(lab, "")


@healthy_apache()
def apache_shows_the_host_to_what_compares_it_with_the_origin(lab: Lab) -> None:
    _apache(lab, "    ProxyPreserveHost On\n")
