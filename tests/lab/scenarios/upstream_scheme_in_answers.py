"""An application writes http: addresses of the site itself, because nginx does not tell it that
visitors use https: links and pages of a list, in HTML and in JSON.

After https://stackoverflow.com/q/36783041 (Django REST framework, "next" is http) and Laravel's
`url()` behind a proxy that ends TLS.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

MINE = (site.CONF,)
#: It makes its own address of Host and X-Forwarded-Proto. Its argument says what it answers with.
APPLICATION = """
import http.server, json, sys

class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        scheme = self.headers.get("X-Forwarded-Proto", "http")
        own = f"{scheme}://{self.headers['Host']}"
        kind, body = {
            "json": ("application/json", json.dumps({"count": 40, "next": f"{own}/api?page=2"})),
            "links": ("text/html", f"<!doctype html><title>Tea</title><a href='{own}/a'>A</a>"),
            "style": ("text/html", f"<!doctype html><link rel=stylesheet href='{own}/tea.css'>"),
        }[sys.argv[1]]
        if self.path == "/tea.css":
            kind, body = "text/css", "p { color: green }"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

http.server.ThreadingHTTPServer(("127.0.0.1", 3019), Application).serve_forever()
"""
HOST = "    proxy_set_header Host $host;\n"
TOLD = f"{HOST}    proxy_set_header X-Forwarded-Proto $scheme;\n"


def _serve(lab: Lab, answer: str, fields: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", APPLICATION, answer), 3019)
    passed = "    proxy_pass http://127.0.0.1:3019;\n"
    lab.change(PAGE, f"  location / {{\n{passed}{fields}  }}\n\n")


@scenario(outside=None, server="upstream.scheme-not-passed", differs=MINE)
def next_page_of_an_api_is_plain(lab: Lab) -> None:
    """A script of a page over https may not ask for it."""
    _serve(lab, "json", HOST)


@scenario(
    outside=None, server="upstream.scheme-not-passed", differs=MINE,
    args=("the links in the page start with http instead of https",),
)  # fmt: skip
def links_of_the_page_are_plain(lab: Lab) -> None:
    _serve(lab, "links", HOST)


@scenario(outside="http.mixed-content", server="upstream.scheme-not-passed", differs=MINE)
def style_of_the_page_is_plain(lab: Lab) -> None:
    _serve(lab, "style", HOST)


@healthy()
def links_of_the_page_are_plain_and_nobody_complains(lab: Lab) -> None:
    """They lead to https."""
    _serve(lab, "links", HOST)


@healthy()
def next_page_of_an_api_is_https(lab: Lab) -> None:
    _serve(lab, "json", TOLD)


@healthy(args=("the links in the page start with http instead of https",))
def links_of_the_page_are_https(lab: Lab) -> None:
    _serve(lab, "links", TOLD)
