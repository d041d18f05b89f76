"""Two programs on one server, and nginx passes a path on to the wrong one of them."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import MINE
from .nginx_other_requests_failed import log_of_its_own, visit

API = f"https://{site.NAME}/api/items"
WRONG_SOCKET = "  location /ws {\n    proxy_pass http://127.0.0.1:3001;"


def _websocket_elsewhere(lab: Lab) -> None:
    """The program of the pages is on 3001, and that of the WebSocket on 3000."""
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", "/"), 3001)


@scenario(
    outside="websocket.not-upgraded", server="upstream.other-application", args=("--ws", "/ws"),
    differs=MINE,
)  # fmt: skip
def websocket_is_passed_to_the_program_of_the_pages(lab: Lab) -> None:
    """https://github.com/websockets/ws/issues/1769: both locations have one port."""
    _websocket_elsewhere(lab)
    lab.change("  location /ws {\n    proxy_pass http://127.0.0.1:3000;", WRONG_SOCKET)


@healthy(args=("--ws", "/ws"))
def websocket_is_passed_to_its_own_program(lab: Lab) -> None:
    _websocket_elsewhere(lab)


def _two(lab: Lab, port: int) -> None:
    lab.spawn(
        lab.server, lab.server.application("paths_server", "3001", "/", "/api/items:json"), 3001
    )
    lab.spawn(lab.server, lab.server.application("paths_server", "3009", "/"), 3009)
    log_of_its_own(lab, f"  location /api/ {{ proxy_pass http://127.0.0.1:{port}; }}\n")
    visit(lab, "/api/items")


@scenario(outside=None, server="upstream.other-application", target=API, differs=MINE)
def location_has_the_port_of_another_application(lab: Lab) -> None:
    _two(lab, 3009)


@scenario(outside=None, server="upstream.other-application", differs=MINE)
def location_of_a_logged_request_has_the_port_of_another_application(lab: Lab) -> None:
    """The site's bare name: its page is answered, and what it asks for is not."""
    _two(lab, 3009)


@healthy(target=API)
def location_has_the_port_of_its_application(lab: Lab) -> None:
    _two(lab, 3001)


@healthy(target=f"{API}/old")
def no_program_of_the_server_has_the_path(lab: Lab) -> None:
    _two(lab, 3001)


@scenario(outside=None, server="upstream.other-application", target=API, differs=MINE)
def location_that_cuts_its_prefix_has_the_port_of_another_application(lab: Lab) -> None:
    words = ("3001", "/", "/items:json")
    lab.spawn(lab.server, lab.server.application("paths_server", *words), 3001)
    lab.spawn(lab.server, lab.server.application("paths_server", "3009", "/"), 3009)
    log_of_its_own(lab, "  location /api/ { proxy_pass http://127.0.0.1:3009/; }\n")


def _administration(lab: Lab, port: int) -> None:
    """A second program, which has /admin/, and the port to which nginx passes it on."""
    lab.spawn(
        lab.server, lab.server.application("paths_server", "3001", "/admin/", "/admin/users"), 3001
    )
    block = f"upstream administration {{\n  server 127.0.0.1:{port};\n}}\n\n"
    lab.edit("map $http_upgrade", f"{block}map $http_upgrade")
    log_of_its_own(lab, "  location /admin/ { proxy_pass http://administration; }\n")


@scenario(
    outside="http.server-error", server="upstream.refused", differs=MINE,
    target=f"https://{site.NAME}/admin/users",
)  # fmt: skip
def program_listens_on_another_port_than_nginx_has(lab: Lab) -> None:
    """https://github.com/eggjs/egg/issues/3096: the second program listens on 7001, and nginx
    passes its pages on to 7002."""
    _administration(lab, 3002)


@healthy(target=f"https://{site.NAME}/admin/users")
def program_listens_on_the_port_that_nginx_has(lab: Lab) -> None:
    _administration(lab, 3001)
