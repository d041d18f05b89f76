"""A person writes that the site gives out the address at which nginx asks its application, where no
page that a stranger gets shows it.

After https://github.com/nocobase/nocobase/issues/477: the address of the program's storage.
"""

from .. import caddy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .caddy import caddy_scenario, healthy_caddy

MINE = (site.CONF,)
ATTACHED = "可以用域名正常访问，但是上传的新附件的地址还是 http://{}/开头的，图片不显示"
HOST = "    proxy_set_header Host $http_host;\n"


@scenario(
    outside=None, server="http.localhost-in-page", args=(ATTACHED.format("localhost:3000"),),
    manual="the application's own setting",
)  # fmt: skip
def application_gives_out_its_inner_address(lab: Lab) -> None:
    """nginx passes the visitor's host on."""


@scenario(
    outside=None, server="nginx.host-not-passed", args=(ATTACHED.format("127.0.0.1:3000"),),
    differs=MINE,
)  # fmt: skip
def application_gives_out_the_host_that_nginx_tells_it(lab: Lab) -> None:
    lab.application("--mode", "form")
    lab.change(HOST, "")


@healthy(args=(ATTACHED.format("localhost:9000"),))
def address_of_another_program_is_given_out(lab: Lab) -> None:
    """No program of the site has this port."""


@healthy(args=("The links are wrong in my mails. nginx has proxy_pass http://localhost:3000;",))
def line_of_the_configuration_beside_a_complaint(lab: Lab) -> None:
    """The address is the one at which nginx asks, and the words say so."""


SETTING = "the application's own setting"
#: An interface that writes an address of its own setting into its data.
INTERFACE = """
import http.server, sys

class Comments(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ('{"user": {"name": "A", "picture": "%s/avatar/1.image"}}' % sys.argv[1]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

http.server.ThreadingHTTPServer(("127.0.0.1", 3009), Comments).serve_forever()
"""
FIND = f"https://{site.NAME}/api/find"
SEEN = "The URLs for the images look like: http://127.0.0.1:3000/a.image instead of our domain"


def _interface(lab: Lab, address: str) -> None:
    lab.spawn(lab.server, lab.server.python("-c", INTERFACE, address), 3009)


def _behind_caddy(lab: Lab, address: str) -> None:
    _interface(lab, address)
    caddy.serve(
        lab, caddy.SHOP.replace("\treverse", "\treverse_proxy /api/* 127.0.0.1:3009\n\treverse")
    )


@caddy_scenario(
    outside=None, server="http.localhost-in-page", target=FIND, manual=SETTING,
)  # fmt: skip
def data_names_the_application_behind_caddy(lab: Lab) -> None:
    """After https://github.com/umputun/remark42/issues/1658."""
    _behind_caddy(lab, "http://127.0.0.1:3009")


@healthy_caddy(target=FIND)
def data_names_the_site_behind_caddy(lab: Lab) -> None:
    _behind_caddy(lab, f"https://{site.NAME}")


@caddy_scenario(outside=None, server="http.localhost-in-page", args=(SEEN,), manual=SETTING)
def caddys_application_gives_out_its_inner_address(lab: Lab) -> None:
    """The same by a person's words: Caddy asks the application with the visitor's host."""
    caddy.serve(lab)


@scenario(outside=None, server="http.localhost-in-page", target=FIND, manual=SETTING)
def data_names_the_application_behind_nginx(lab: Lab) -> None:
    _interface(lab, "http://127.0.0.1:3009")
    proxied = "proxy_pass http://127.0.0.1:3009; proxy_set_header Host $host;"
    lab.change("  location /ws", f"  location /api/ {{ {proxied} }}\n\n  location /ws")


@healthy(target=FIND)
def data_names_another_program_behind_nginx(lab: Lab) -> None:
    """A program that listens on the reader's own machine has another port."""
    _interface(lab, "http://127.0.0.1:9229")
    proxied = "proxy_pass http://127.0.0.1:3009; proxy_set_header Host $host;"
    lab.change("  location /ws", f"  location /api/ {{ {proxied} }}\n\n  location /ws")


CALLED = (
    "I followed the guide and locally all works. Behind the proxy the page opens, and all requests "
    "of the sign-up button go to http://localhost:{}/api/auth/sign-up/email instead of my domain."
)


@scenario(
    outside=None, server="http.localhost-in-page", args=(CALLED.format(3000),), manual=SETTING,
)  # fmt: skip
def page_asks_the_port_of_its_own_application(lab: Lab) -> None:
    """No browser's error is quoted: the port is the application's own."""


@healthy(args=(CALLED.format(9000),))
def page_asks_another_program_of_the_visitor(lab: Lab) -> None:
    """A wallet or a printer listens there, perhaps."""


PORTAL = (
    '<!doctype html><html lang="en"><head><title>Portal</title></head><body><h1>Portal</h1>'
    '<p>Sign up for an account.</p><script>window.__ENV = {"PROJECT_URL": "%s"}</script></body>'
)


def _with_data(lab: Lab, address: str) -> None:
    data = """'{"user": {"name": "A", "picture": "%s/avatar/1.image"}}'"""
    page = INTERFACE.replace("application/json", "text/html").replace(data, f"'''{PORTAL}'''")
    lab.spawn(lab.server, lab.server.python("-c", page, address), 3009)
    lab.change("127.0.0.1:3000", "127.0.0.1:3009")


@scenario(outside=None, server="http.localhost-in-page", manual=SETTING)
def page_has_the_application_in_its_data(lab: Lab) -> None:
    """After Portabase: `.env` has PROJECT_URL twice, and the page gets the second."""
    _with_data(lab, "http://localhost:3009")


@healthy()
def page_has_another_program_in_its_data(lab: Lab) -> None:
    _with_data(lab, "http://localhost:9229")
