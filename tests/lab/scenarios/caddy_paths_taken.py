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
