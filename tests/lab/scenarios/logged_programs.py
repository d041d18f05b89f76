"""The page is answered, and programs or visitors ask for another path of the site again and again
and get 404: nobody's page names it, and only the access log has it."""

from .. import apache, caddy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import FILES as APACHE_FILES
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .logged_paths import _interface
from .server_prefixes import ROUTE, apache_site, application, serve_caddy

MINE = (site.CONF,)
DOCKER = ("-A", "docker/24.0.7 go/go1.20.10 os/linux")
#: What programs ask for that look for weak sites, and what browsers ask for by themselves.
NOISE = (
    "/wp-login.php", "/.env", "/admin", "/phpmyadmin/", "/vendor/phpunit", "/boaform/admin",
    "/actuator/health", "/HNAP1", "/favicon.ico", "/apple-touch-icon.png", "/robots.txt",
)  # fmt: skip


def ask(lab: Lab, path: str, *options: str) -> None:
    """Ask for a path without a Referer."""
    words = ["curl", "-sk", "-o", "/dev/null", *options, f"https://{site.NAME}{path}"]
    lab.client.run(words)


@scenario(outside=None, server="upstream.wrong-path", differs=MINE)
def registry_loses_its_prefix(lab: Lab) -> None:
    """Issue 23708 of go-gitea/gitea: the registry is at /v2/ and asks for a login there; nginx asks
    for / in its place, and docker gets 404."""
    _interface(lab, "location /v2/ { proxy_pass http://127.0.0.1:3009/; }", "/v2/:401:")
    for _ in range(2):
        ask(lab, "/v2/", *DOCKER)


@scenario(outside=None, server="upstream.wrong-path", differs=MINE)
def dashboard_keeps_its_prefix(lab: Lab) -> None:
    """Issue 778 of netdata/netdata: visitors type the address of a dashboard, which has its pages
    at its root, and get 404 for each path below the prefix."""
    _interface(lab, "location /netdata { proxy_pass http://127.0.0.1:3009; }", "/", "/main.js")
    for path in ("/netdata", "/netdata/", "/netdata/main.js"):
        ask(lab, path, "-A", "Mozilla/5.0")


@healthy()
def registry_has_its_prefix(lab: Lab) -> None:
    """A blob that is not there, asked for before each upload."""
    _interface(lab, "location /v2/ { proxy_pass http://127.0.0.1:3009; }", "/v2/:401:")
    for _ in range(3):
        ask(lab, "/v2/shop/blobs/sha256:2fe3f9", "-I", *DOCKER)


@healthy()
def interface_that_knows_nobody_below_its_prefix(lab: Lab) -> None:
    """A thing that is not there, of an application that asks for a login at every other path."""
    _interface(
        lab,
        "location /api/ { proxy_pass http://127.0.0.1:3009/; }",
        "/items:json", "/items/5:404:", "*:401:",
    )  # fmt: skip
    for _ in range(3):
        ask(lab, "/api/items/5", "-A", "Shop/3.1 (Android 14)")


@healthy()
def items_that_are_gone_where_the_prefix_is_cut_off(lab: Lab) -> None:
    """An application with a first page and nothing else that still exists."""
    line = "location /api/ { proxy_pass http://127.0.0.1:3009/; }"
    _interface(lab, line, "/", "/health", "*:404:")
    for path in ("/api/items/1", "/api/items/2", "/api/v2/items"):
        for _ in range(3):
            ask(lab, path, "-A", "Mozilla/5.0")


@healthy()
def address_of_an_interface_is_watched(lab: Lab) -> None:
    """Something asks for the address of the interface itself, where nothing is; the application
    greets people at its root."""
    _interface(lab, "location /api { proxy_pass http://127.0.0.1:3009; }", "/", "/api/items:json")
    for _ in range(3):
        ask(lab, "/api", "-A", "watch/2.0")


@healthy()
def weak_sites_are_looked_for(lab: Lab) -> None:
    """Addresses that no software of the site has, twice each, beside an interface that answers."""
    _interface(lab, "location /api/ { proxy_pass http://127.0.0.1:3009; }", "/api/items:json", "*")
    for path in (*NOISE, *NOISE, "/api/.env", "/api/.env", "/api/v1/users", "/api/v1/users"):
        ask(lab, path, "-A", "Mozilla/5.0 zgrab/0.x")


WEBSOCKET = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
REGISTRY = (
    "    ProxyPass /v2/ http://127.0.0.1:3001{}\n"
    f"{WEBSOCKET}    ProxyPass / http://127.0.0.1:3000/\n"
)
CADDY_LOG = "/var/log/caddy-programs.log"


@apache_scenario(outside=None, server="server.path-changed", differs=APACHE_FILES)
def apache_cuts_the_prefix_of_a_registry(lab: Lab) -> None:
    """The same behind Apache, asked for the site's name alone."""
    application(lab, "/v2/:401:")
    apache.serve(lab, apache_site(REGISTRY.format("/")))
    for _ in range(2):
        ask(lab, "/v2/", *DOCKER)


@healthy_apache()
def apache_keeps_the_prefix_of_a_registry(lab: Lab) -> None:
    application(lab, "/v2/:401:")
    apache.serve(lab, apache_site(REGISTRY.format("/v2/")))
    for path in ("/v2/shop/blobs/a", "/v2/shop/blobs/a", *NOISE, *NOISE):
        ask(lab, path, *DOCKER)


def _caddy(lab: Lab, handle: str) -> None:
    application(lab, "/users:json", "/")
    log = f"log {{\n\t\toutput file {CADDY_LOG}\n\t}}"
    lab.server.sh(f"rm -f {CADDY_LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {CADDY_LOG}"))
    serve_caddy(lab, log, ROUTE.replace("handle", handle), "reverse_proxy localhost:3000")


@caddy_scenario(outside=None, server="server.prefix-kept", differs=(caddy.CONFIG,))
def caddy_keeps_the_prefix_for_a_program(lab: Lab) -> None:
    """The same behind Caddy: `handle /api/*`, and the application has no /api."""
    _caddy(lab, "handle")
    for _ in range(2):
        ask(lab, "/api/users", "-A", "Shop/3.1 (Android 14)")


@healthy_caddy()
def caddy_takes_the_prefix_off_for_a_program(lab: Lab) -> None:
    """A thing that is not there, again and again, and who looks for weak sites."""
    _caddy(lab, "handle_path")
    for path in ("/api/users/9", "/api/users/9", *NOISE, *NOISE):
        ask(lab, path, "-A", "Shop/3.1 (Android 14)")
