"""Lines of a Caddyfile for all paths that come before those for some."""

from .. import caddy
from ..lab import Lab
from .apache_locations_overridden import PAGE, PROGRAM
from .caddy import caddy_scenario, healthy_caddy

API = "reverse_proxy 127.0.0.1:3001"
REST = "reverse_proxy 127.0.0.1:3002"
SOCKET = "handle /ws {\n\treverse_proxy 127.0.0.1:3000\n}\n"


def _site(lab: Lab, text: str) -> None:
    lab.server.write("/srv/shop/two.js", PROGRAM)
    lab.spawn(lab.server, ("node", "/srv/shop/two.js"), 3002)
    lines = "".join(f"\t{line}\n" for line in text.split("\n"))
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy 127.0.0.1:3000\n", lines))


@caddy_scenario(
    outside=None, server="server.caddy-path-taken", target=PAGE, differs=(caddy.CONFIG,)
)
def caddy_takes_a_routes_path_with_a_handle(lab: Lab) -> None:
    _site(lab, f"{SOCKET}handle {{\n\t{REST}\n}}\nroute /api/* {{\n\t{API}\n}}")


@caddy_scenario(
    outside=None, server="server.caddy-path-taken", target=PAGE, differs=(caddy.CONFIG,)
)
def caddy_takes_a_path_with_an_earlier_line_of_a_route(lab: Lab) -> None:
    _site(lab, f"{SOCKET}route {{\n\t{REST}\n\t{API.replace(' ', ' /api/* ')}\n}}")


@caddy_scenario(
    outside=None, server="server.caddy-path-taken", target=PAGE, differs=(caddy.CONFIG,)
)
def caddy_takes_a_named_path_with_a_handle(lab: Lab) -> None:
    proxy = API.replace(" ", " @api ")
    _site(
        lab, f"{SOCKET}@api path /api/*\n{proxy} {{\n\theader_up X-A b\n}}\nhandle {{\n\t{REST}\n}}"
    )


@healthy_caddy(target=PAGE)
def caddy_takes_the_narrower_handle(lab: Lab) -> None:
    _site(lab, f"{SOCKET}handle {{\n\t{REST}\n}}\nhandle /api/* {{\n\t{API}\n}}")


#: The front end's page for every path, and an interface.
ANSWERS = """
import http.server, sys

class Program(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_script, is_front = self.path.endswith(".js"), sys.argv[2] == "front"
        page = b"<!doctype html><title>Shop</title><div id=root></div><script src=/app.js></script>"
        body = b"1" if is_script else page if is_front else b"[]"
        kind = "text/javascript" if is_script else "text/html" if is_front else "application/json"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET
    log_message = lambda *_: None

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Program).serve_forever()
"""


def _front(lab: Lab, *lines: str) -> None:
    for port, kind in ((3004, "front"), (3005, "interface")):
        lab.spawn(lab.server, lab.server.python("-c", ANSWERS, str(port), kind), port)
    route = "".join(f"\t\t{line}\n" for line in lines)
    text = f"\thandle /ws {{\n\t\treverse_proxy 127.0.0.1:3000\n\t}}\n\troute {{\n{route}\t}}\n"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy 127.0.0.1:3000\n", text))


FRONT, INTERFACE = "reverse_proxy 127.0.0.1:3004", "reverse_proxy /api/* 127.0.0.1:3005"


@caddy_scenario(outside="http.page-for-api", target=PAGE, differs=(caddy.CONFIG,))
def front_end_takes_the_path_of_the_interface_in_a_route(lab: Lab) -> None:
    """The line for all paths stands first, and its program answers each with its page and 200."""
    _front(lab, FRONT, INTERFACE)


@healthy_caddy(target=PAGE)
def interface_stands_before_the_front_end_in_a_route(lab: Lab) -> None:
    _front(lab, INTERFACE, FRONT)
