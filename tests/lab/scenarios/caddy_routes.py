"""What Caddy answers with an empty 200: a path that no route takes, a name that no site has."""

from .. import caddy, certificates
from ..caddy import KEY, PEM, SHOP
from ..lab import SERVER, Lab
from .caddy import WS, caddy_scenario, healthy_caddy

PROXY = "\treverse_proxy 127.0.0.1:3000\n"


@healthy_caddy(args=WS)
def caddy_has_its_pages_below_a_path(lab: Lab) -> None:
    """An API alone: the root has no page of its own, and nobody misses it."""
    caddy.serve(lab, SHOP.replace(PROXY, f"\thandle /ws* {{\n\t{PROXY}\t}}\n"))


@caddy_scenario(
    outside="http.server-error",
    server="server.application-down",
    target="http://shop.example.com/api/users",
    manual="the application has to be started",
)
def caddy_site_without_a_name_is_alone(lab: Lab) -> None:
    """Its directives stand on the server itself; one of them redirects another path."""
    routes = f"\tredir /api /api/ permanent\n\thandle /api/* {{\n\t{PROXY}\t}}\n"
    caddy.serve(lab, f':80 {{\n{routes}\thandle / {{\n\t\trespond "hello"\n\t}}\n}}\n', 80)
    lab.application_service.stop()


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.backend-not-reached",
    args=WS,
    manual="the address of another machine",
)
def caddy_websocket_application_is_not_reached(lab: Lab) -> None:
    """The pages come; the WebSocket's application is on another machine, at another port."""
    socket = "\thandle /ws* {\n\t\treverse_proxy 203.0.113.1:3007\n\t}\n"
    caddy.serve(lab, SHOP.replace(PROXY, f"{socket}\thandle {{\n\t{PROXY}\t}}\n"))


@caddy_scenario(
    outside=None,
    server="server.path-not-handled",
    target="https://shop.example.com/api/users",
    manual="the site has no page at its root before or after",
)
def caddy_matcher_is_one_path(lab: Lab) -> None:
    """After questions about a blank page: reverse_proxy /api is for that path alone."""
    caddy.serve(lab, SHOP.replace("reverse_proxy 127", "reverse_proxy /api 127"))


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.path-not-handled",
    args=WS,
    # The page of Debian's Apache has a picture of Apache's.
    also=("http.page-file-missing",),
    manual="the page of Debian's Apache has a fault of its own",
)
def caddy_matcher_is_below_the_path(lab: Lab) -> None:
    """After an issue of Caddy's: /myroute/* does not match /myroute."""
    files = "\thandle {\n\t\troot * /var/www/html\n\t\tfile_server\n\t}\n"
    caddy.serve(lab, SHOP.replace(PROXY, f"\thandle /ws/* {{\n\t{PROXY}\t}}\n{files}"))


@caddy_scenario(
    outside=None,
    server="server.site-missing",
    target="https://api.shop.example.com/",
    manual="a person writes the name",
)
def caddy_wildcard_is_one_label(lab: Lab) -> None:
    """*.example.com is not api.shop.example.com, for which the certificate is."""
    caddy.install(lab, SHOP.replace("shop.example.com", "*.example.com"))
    both = certificates.leaf("*.example.com", "*.shop.example.com")
    lab.server.write(PEM, both.chain)
    lab.server.write(KEY, both.key_pem, 0o600)
    caddy.start(lab)
    lab.dns([SERVER], [], "api.shop.example.com")


@caddy_scenario(
    outside=None,
    server="server.reload-needed",
    manual="Caddy cannot be reloaded, and its restart is left to a person",
)
def caddy_without_admin_api(lab: Lab) -> None:
    """admin off: caddy reload fails, and the site that was written later is not there."""
    caddy.install(lab)
    text = lab.server.read(caddy.CONFIG).replace("{\n", "{\n\tadmin off\n", 1)
    lab.server.write(caddy.CONFIG, text.replace("shop.example.com", "www.example.com"))
    caddy.start(lab)
    lab.server.write(caddy.CONFIG, text)


def _sites_beside(lab: Lab, line: str) -> None:
    """The site is in a file of a folder, from which the Caddyfile imports by this line."""
    other = "blog.example.com {\n\ttls internal\n\trespond hello\n}\n"
    caddy.install(lab, f"{other}{line}\n")
    lab.server.write("/etc/caddy/sites/shop.conf", SHOP)
    lab.undo(lambda: lab.server.sh("rm -rf /etc/caddy/sites"))
    caddy.start(lab)


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.site-missing",
    differs=("/etc/caddy/sites/shop.conf", "/etc/caddy/sites/shop.conf.caddy"),
)
def caddy_imports_files_with_another_ending(lab: Lab) -> None:
    """The other sites are served, and this one's file does not end as `import` wants it."""
    _sites_beside(lab, "import sites/*.caddy")


@healthy_caddy()
def caddy_imports_files_with_this_ending(lab: Lab) -> None:
    _sites_beside(lab, "import sites/*.conf")


@caddy_scenario(
    outside="tcp.refused", server="listener.loopback-only", differs=(caddy.CONFIG, "listeners")
)
def caddy_listens_on_the_loopback_address_alone(lab: Lab) -> None:
    """`bind 127.0.0.1` in the site; port 80, for redirects, is bound to it too."""
    caddy.install(lab, SHOP.replace("com {\n", "com {\n\tbind 127.0.0.1\n"))
    caddy.start(lab)


TWO_NAMES = SHOP.replace("shop.example.com {", "shop.example.com, www.shop.example.com {")
ONE_NAME = "\tredir https://shop.example.com{uri} permanent\n"


@caddy_scenario(
    outside="http.redirect-loop", server="server.redirect-loop", differs=(caddy.CONFIG,)
)
def caddy_redirects_both_names_to_one(lab: Lab) -> None:
    """After threads about www: the redirect is for the name to which it leads, too."""
    caddy.serve(lab, TWO_NAMES.replace(PROXY, ONE_NAME + PROXY))


@healthy_caddy()
def caddy_redirects_the_other_name(lab: Lab) -> None:
    other = "\t@www host www.shop.example.com\n" + ONE_NAME.replace("redir", "redir @www")
    caddy.serve(lab, TWO_NAMES.replace(PROXY, other + PROXY))
