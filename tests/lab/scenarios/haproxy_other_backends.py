"""HAProxy with several backends, and a rule that sends a path to the wrong one."""

from .. import haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

DATA = "https://shop.example.com/api/items"
RULES = """\
    acl is_upgrade hdr(Upgrade) -i websocket
    acl is_api path_beg /api/
    acl is_ws path_beg /ws
    use_backend sockets if is_ws
    use_backend api if is_api
    default_backend pages
"""
BACKENDS = """\
backend pages
    server pages1 127.0.0.1:3001
backend api
    server api1 127.0.0.1:3002
backend sockets
    server sockets1 127.0.0.1:3000
"""


def serve(lab: Lab, old: str = "", new: str = "", pages: str = "*", api: str = "") -> None:
    """Pages on one port, data on another, WebSockets on a third; `old` is written `new`."""
    program = str(haproxy.__file__).replace("haproxy.py", "applications/paths_server.py")
    for port, paths in ((3001, pages.split()), (3002, [api or "/api/items:json"])):
        lab.spawn(lab.server, lab.server.python(program, str(port), *paths), port)
    assert old in RULES
    rules = RULES.replace(old, new) if old else RULES
    text = SITE.replace("    default_backend app\n", rules)
    haproxy.serve(lab, f"{text}\n{BACKENDS}")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-other-backend",
    target=DATA,
    differs=(haproxy.CONFIG,),
)
def haproxy_sends_data_to_the_start_page(lab: Lab) -> None:
    """`path` in the place of `path_beg`: the pages' application answers everything with a page."""
    serve(lab, "path_beg /api/", "path /api/")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-other-backend",
    target=DATA,
    differs=(haproxy.CONFIG,),
)
def haproxy_wants_an_upgrade_of_data(lab: Lab) -> None:
    """An ACL too many: ordinary requests are no upgrades."""
    serve(lab, "if is_api", "if is_api is_upgrade")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-other-backend",
    target=DATA,
    differs=(haproxy.CONFIG,),
)
def haproxy_pattern_of_data_misses_what_is_below(lab: Lab) -> None:
    """A regular expression with an end."""
    serve(lab, "path_beg /api/", "path_reg ^/api/?$")


@healthy_haproxy(target=DATA)
def haproxy_chooses_data_by_a_pattern_and_a_folder(lab: Lab) -> None:
    serve(lab, "path_beg /api/", "path_reg -i ^/API(/|$)")


@haproxy_scenario(
    outside="websocket.not-upgraded",
    server="server.haproxy-other-backend",
    args=("--ws", "/ws"),
    differs=(haproxy.CONFIG,),
)
def haproxy_rule_for_websockets_is_misspelt(lab: Lab) -> None:
    serve(lab, "path_beg /ws", "path_beg /sw", pages="/")


@haproxy_scenario(
    outside="websocket.not-upgraded",
    server="server.haproxy-other-backend",
    args=("--ws", "/ws"),
    differs=(haproxy.CONFIG,),
)
def haproxy_rule_for_websockets_is_missing(lab: Lab) -> None:
    serve(lab, "    use_backend sockets if is_ws\n", "", pages="/")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-other-backend",
    differs=(haproxy.CONFIG,),
)
def haproxy_negates_the_rule_for_data(lab: Lab) -> None:
    """The start page goes to the application that has data only."""
    serve(lab, "if is_api", "if !is_api")


@healthy_haproxy(target=DATA)
def haproxy_sends_data_to_its_application(lab: Lab) -> None:
    serve(lab)


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_sends_websockets_to_their_application(lab: Lab) -> None:
    serve(lab, pages="/")


@healthy_haproxy(target="https://shop.example.com/cart")
def haproxy_has_the_same_application_twice(lab: Lab) -> None:
    """A page of an application that answers everything with a page: the other backend does too."""
    serve(lab, api="*")


@healthy_haproxy(target="https://shop.example.com/cart")
def haproxy_has_the_page_in_both_applications(lab: Lab) -> None:
    """Both applications have the page: the site's own does not answer everything."""
    serve(lab, pages="/cart", api="/cart")


LOGIN = "https://shop.example.com/app/login"


def serve_below_a_path(lab: Lab, rule: str, *paths: str) -> None:
    """An application below /app/, for which HAProxy changes the path by a rule."""
    program = str(haproxy.__file__).replace("haproxy.py", "applications/paths_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3001", *paths), 3001)
    chosen = "    use_backend shop if { path_beg /app/ }\n    default_backend app\n"
    text = SITE.replace("    default_backend app\n", chosen)
    line = f"    http-request {rule}\n" if rule else ""
    haproxy.serve(lab, f"{text}\nbackend shop\n{line}    server shop1 127.0.0.1:3001\n")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-path-rule",
    target=LOGIN,
    differs=(haproxy.CONFIG,),
)
def haproxy_loses_the_slash_of_the_path(lab: Lab) -> None:
    serve_below_a_path(lab, r"replace-path ^/app/(.*) \1", "/login")


@haproxy_scenario(
    outside=None,
    server="server.path-changed",
    target=LOGIN,
    differs=(haproxy.CONFIG,),
)
def haproxy_strips_the_path_that_the_application_has(lab: Lab) -> None:
    serve_below_a_path(lab, r"replace-path ^/app/(.*) /\1", "/app/login")


@healthy_haproxy(target=LOGIN)
def haproxy_strips_a_path(lab: Lab) -> None:
    serve_below_a_path(lab, "set-path %[path,regsub(^/app/,/)]", "/login")


@healthy_haproxy(target=LOGIN)
def haproxy_keeps_a_path(lab: Lab) -> None:
    serve_below_a_path(lab, "", "/app/login")


def check_at(lab: Lab, port: int, expected: str = "200") -> None:
    """The health check asks a port, and expects a status."""
    program = str(haproxy.__file__).replace("haproxy.py", "applications/paths_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3002", "/metrics"), 3002)
    lines = f"option httpchk GET /\n    http-check expect status {expected}"
    server = f"check port {port} inter 200ms fall 2"
    text = SITE.replace("backend app\n", f"backend app\n    timeout check 5s\n    {lines}\n")
    haproxy.serve(lab, text.replace("127.0.0.1:3000", f"127.0.0.1:3000 {server}"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-health-check-fails",
    differs=(haproxy.CONFIG,),
)
def haproxy_checks_another_port(lab: Lab) -> None:
    """The port of another program, which has no page there."""
    check_at(lab, 3002)
    haproxy.until_unavailable(lab)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-health-check-fails",
    differs=(haproxy.CONFIG,),
)
def haproxy_expects_another_status(lab: Lab) -> None:
    check_at(lab, 3000, "204")
    haproxy.until_unavailable(lab)


def redirecting_application(lab: Lab, expected: str) -> None:
    """The page leads to another one, and the health check expects a status."""
    code = "(request, response) => { response.writeHead(request.url === '/home' ? 200 : 302,"
    code += " { Location: '/home' }); response.end('home') }"
    server = f"require('http').createServer({code}).listen(3002, '127.0.0.1')"
    lab.spawn(lab.server, ["node", "-e", server], 3002)
    lines = f"    timeout check 5s\n    option httpchk GET /\n    http-check expect {expected}\n"
    text = SITE.replace("\nbackend app\n", f"\nbackend app\n{lines}")
    haproxy.serve(lab, text.replace("127.0.0.1:3000", "127.0.0.1:3002 check inter 200ms fall 2"))


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-health-check-fails",
    differs=(haproxy.CONFIG,),
)
def haproxy_refuses_the_status_that_comes(lab: Lab) -> None:
    """`!` and an expression for the status."""
    lines = "    timeout check 5s\n    option httpchk GET /\n    http-check expect ! rstatus ^2\n"
    text = SITE.replace("\nbackend app\n", f"\nbackend app\n{lines}")
    haproxy.serve(lab, text.replace("127.0.0.1:3000", "127.0.0.1:3000 check inter 200ms fall 2"))
    haproxy.until_unavailable(lab)


@healthy_haproxy(target="https://shop.example.com/home")
def haproxy_expects_the_redirect(lab: Lab) -> None:
    redirecting_application(lab, "! rstatus ^[45]")


@healthy_haproxy()
def haproxy_checks_the_port_of_the_server(lab: Lab) -> None:
    check_at(lab, 3000)


def serve_data_alone(lab: Lab, rule: str) -> None:
    """An application with data and no start page is the default."""
    program = str(haproxy.__file__).replace("haproxy.py", "applications/paths_server.py")
    lab.spawn(lab.server, lab.server.python(program, "3002", "/api/items:json"), 3002)
    text = SITE.replace("default_backend app", f"{rule}default_backend api")
    haproxy.serve(lab, f"{text}\nbackend api\n    server api1 127.0.0.1:3002\n")


@haproxy_scenario(outside=None, server="server.haproxy-other-backend", differs=(haproxy.CONFIG,))
def haproxy_default_is_another_application(lab: Lab) -> None:
    """No line names the backend with the start page."""
    serve_data_alone(lab, "")


@healthy_haproxy()
def haproxy_has_pages_below_a_path_alone(lab: Lab) -> None:
    """The start page is missing on purpose: the pages have a path of their own."""
    serve_data_alone(lab, "use_backend app if { path_beg /shop/ }\n    ")


HOST = "    acl is_api hdr(host) -i shop.example.com\n    acl is_api path_beg /api/\n"


@haproxy_scenario(outside=None, server="server.haproxy-other-backend", differs=(haproxy.CONFIG,))
def haproxy_acl_of_data_has_two_definitions(lab: Lab) -> None:
    """Configuration Manual, section 7.1: several lines "acl" of one name are an OR, so that the
    name of the site is enough."""
    serve(lab, "    acl is_api path_beg /api/\n", HOST, api="/api/items:json", pages="/")


@haproxy_scenario(
    outside=None,
    server="server.haproxy-other-backend",
    target="https://shop.example.com/api-docs",
    differs=(haproxy.CONFIG,),
)
def haproxy_beginning_of_data_takes_the_manual(lab: Lab) -> None:
    """Configuration Manual, section 7.3.6: path_beg compares characters."""
    serve(lab, "path_beg /api/", "path_beg /api", pages="/ /api-docs")


@healthy_haproxy(target="https://shop.example.com/api-docs")
def haproxy_folder_of_data_spares_the_manual(lab: Lab) -> None:
    serve(lab, "path_beg /api/", "path_reg ^/api(/|$)", pages="/ /api-docs")
