"""The site's page works, and what browsers ask for beside it does not: HAProxy's usual log has
neither Referer nor User-Agent, so that a browser is known by what it loads. Caddy's log has the
WebSocket that it refused. A healthy twin has the same requests."""

from .. import caddy, site
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .logged_websockets import ELSEWHERE, UPGRADE
from .logged_websockets import _browser as browser
from .nginx_other_requests_failed import visit
from .server_other_requests_failed import (
    CADDY_LOG,
    run_application,
    serve_apache,
    serve_caddy,
    serve_haproxy,
)
from .server_prefixes import PERSON, application
from .websocket_paths import _serve

INTERFACE = "    use_backend other if { path_beg /api/ }\n"
MATCHER = "a person writes the matcher"
OTHER = "\nbackend paths\n    server paths1 127.0.0.1:3001\n"


def _page(lab: Lab) -> None:
    """A browser loads the site's page and a part of it."""
    visit(lab, "/", referer="")
    visit(lab, "/app.css")


def _interface(lab: Lab, *paths: str) -> None:
    application(lab, *paths)
    serve_haproxy(lab, INTERFACE.replace("other", "paths"), sections=OTHER)
    _page(lab)
    for _ in range(2):
        visit(lab, "/api/users")


@haproxy_scenario(outside=None, server="server.prefix-kept", manual=PERSON)
def haproxy_logs_an_interface_that_keeps_its_prefix(lab: Lab) -> None:
    """The same as for an address below /api/, asked for the site's name alone."""
    _interface(lab, "/users:json")


@healthy_haproxy()
def haproxy_logs_an_interface_that_lacks_what_is_asked_for(lab: Lab) -> None:
    """The page asks for what is gone, under either path."""
    _interface(lab, "/items:json")


@healthy_haproxy()
def haproxy_logs_programs_that_load_no_page(lab: Lab) -> None:
    """They ask for the page and its icon, and look for weak sites."""
    application(lab, "/users:json")
    serve_haproxy(lab, INTERFACE.replace("other", "paths"), sections=OTHER)
    for path in ("/", "/favicon.ico", "/api/users", "/api/admin", "/api/users"):
        visit(lab, path, referer="")


def _live(lab: Lab, rules: str) -> None:
    """The page's WebSocket is at a path that only its script puts together."""
    _serve(lab, "chat_server", "--path", "/live")
    run_application(lab)
    serve_haproxy(lab, f"{rules}    use_backend other if {{ path /app.css }}\n")
    _page(lab)
    browser(lab, "/live?token=a", *UPGRADE)


@haproxy_scenario(outside=None, server="server.websocket-not-passed", manual=ELSEWHERE)
def haproxy_logs_a_websocket_that_lost_its_upgrade(lab: Lab) -> None:
    """`http-request del-header Upgrade` of a hardening guide."""
    _live(lab, "    http-request del-header Upgrade\n")


@healthy_haproxy()
def haproxy_logs_a_websocket_that_opens(lab: Lab) -> None:
    _live(lab, "")


def _caddy_live(lab: Lab, lines: str) -> None:
    _serve(lab, "chat_server", "--path", "/live")
    serve_caddy(lab, f"\treverse_proxy /live* 127.0.0.1:3000 {{\n{lines}\t}}\n")
    _page(lab)
    browser(lab, "/live?token=a", *UPGRADE)


@caddy_scenario(outside=None, server="server.websocket-not-passed", manual=ELSEWHERE)
def caddy_logs_a_websocket_that_lost_its_upgrade(lab: Lab) -> None:
    """`header_up -Upgrade`, copied from a list of hop-by-hop fields."""
    _caddy_live(lab, "\t\theader_up -Upgrade\n\t\theader_up -Connection\n")


@healthy_caddy()
def caddy_logs_a_websocket_that_opens(lab: Lab) -> None:
    _caddy_live(lab, "")


def _empty(lab: Lab, routes: str) -> None:
    """The application's page is at "/", its orders at /orders, to which that page leads."""
    application(lab, "/", "/orders", "/app.css")
    text = "".join(f"\t{line}\n" for line in (f"log {{\n\t\toutput file {CADDY_LOG}\n\t}}", routes))
    lab.server.sh(f"rm -f {CADDY_LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {CADDY_LOG}"))
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy 127.0.0.1:3000\n", text))
    visit(lab, "/", referer="")
    for _ in range(2):
        visit(lab, "/orders")
        visit(lab, "/favicon.ico", referer=f"https://{site.NAME}/orders")


@caddy_scenario(outside=None, server="server.path-not-handled", manual=MATCHER)
def caddy_logs_a_page_with_nothing_in_it(lab: Lab) -> None:
    """`reverse_proxy / 127.0.0.1:3000` of the first version: "/" is that path alone."""
    _empty(lab, "reverse_proxy / 127.0.0.1:3001")


@healthy_caddy()
def caddy_logs_an_answer_that_is_meant_to_be_empty(lab: Lab) -> None:
    """`respond` without a text, for a script that only wants to know whether the site is there."""
    _empty(lab, "respond /orders 200\n\treverse_proxy 127.0.0.1:3001")


SHOP = "{ hdr(host) -i shop.example.com }"
SITES = f"""\
    use_backend blog if {{ hdr(host) -i blog.example.com }}
    use_backend paths if {SHOP} {{ path_beg /api/ }}
    use_backend app if {SHOP}
"""
BLOG = "\nbackend blog\n    server blog1 127.0.0.1:3001\n"


def _two_sites(lab: Lab, name: str, *paths: str) -> None:
    """One frontend for two sites. A browser asks over HTTP/1.1, so that no line of the log has the
    site's name: only the backend tells."""
    application(lab, "/", "/app.css", *paths)
    serve_haproxy(lab, SITES, rest="", sections=OTHER + BLOG)
    words = ("--http1.1", "--connect-to", f"::{site.NAME}:")
    for path in ("/", "/app.css", "/api/users", "/api/users"):
        lab.client.run(
            ["curl", "-sk", "-o", "/dev/null", *words, f"https://{name}{path}"],
        )


@haproxy_scenario(outside=None, server="server.prefix-kept", manual=PERSON)
def haproxy_logs_two_sites_and_an_interface_that_keeps_its_prefix(lab: Lab) -> None:
    _two_sites(lab, site.NAME, "/users:json")


@healthy_haproxy()
def haproxy_logs_what_fails_at_another_site(lab: Lab) -> None:
    """The same requests, for the other name."""
    _two_sites(lab, "blog.example.com", "/users:json")


LEADS = "a person leads the path there"


def _pages_beside_a_chat(lab: Lab, path: str, server: str) -> None:
    """The chat's application has its pages below /chat/, and a WebSocket at another path, which
    comes to the application of the site's pages."""
    _serve(lab, "chat_server", "--path", path)
    run_application(lab, "--mode", "no-websocket")
    if server == "caddy":
        blocks = [
            f"\thandle{matcher} {{\n\t\treverse_proxy 127.0.0.1:{port}\n\t}}\n"
            for matcher, port in ((" /chat/*", 3000), ("", 3009))
        ]
        serve_caddy(lab, "".join(blocks))
    else:
        rules = (("/chat/", 3000), ("/", 3009))
        lines = [f"    ProxyPass {of} http://127.0.0.1:{port}{of}\n" for of, port in rules]
        serve_apache(lab, "".join(lines))
    _page(lab)
    for _ in range(2):
        browser(lab, "/cable", *UPGRADE)


@caddy_scenario(
    outside=None,
    server="server.websocket-other-application",
    manual="the site has no WebSocket at the path that the laboratory asks for",
)
def caddy_logs_a_websocket_of_another_application(lab: Lab) -> None:
    _pages_beside_a_chat(lab, "/cable", "caddy")


@healthy_caddy()
def caddy_logs_a_websocket_that_no_application_has(lab: Lab) -> None:
    """An old page in a browser asks for what is gone."""
    _pages_beside_a_chat(lab, "/chat/cable", "caddy")


@apache_scenario(
    outside=None,
    server="server.websocket-other-application",
    manual="the site has no WebSocket at the path that the laboratory asks for",
)
def apache_logs_a_websocket_of_another_application(lab: Lab) -> None:
    _pages_beside_a_chat(lab, "/cable", "apache")


@healthy_apache()
def apache_logs_a_websocket_that_no_application_has(lab: Lab) -> None:
    """An old page in a browser asks for what is gone."""
    _pages_beside_a_chat(lab, "/chat/cable", "apache")


def _chat_backend(lab: Lab, path: str) -> None:
    """The same behind HAProxy."""
    _serve(lab, "chat_server", "--path", path)
    run_application(lab, "--mode", "no-websocket")
    rules = "    use_backend app if { path_beg /chat/ }\n"
    serve_haproxy(lab, rules, rest="    default_backend other\n")
    _page(lab)
    for _ in range(2):
        browser(lab, "/cable", *UPGRADE)


@haproxy_scenario(outside=None, server="server.haproxy-other-backend", manual=PERSON)
def haproxy_logs_a_websocket_of_another_backend(lab: Lab) -> None:
    _chat_backend(lab, "/cable")


@healthy_haproxy()
def haproxy_logs_a_websocket_that_no_backend_has(lab: Lab) -> None:
    _chat_backend(lab, "/chat/cable")
