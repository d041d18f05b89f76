"""Traefik serves the site, and nginx is not there. It has files only: docker, whose labels it would
read as well, does not run here."""

from functools import partial

from .. import caddy, certificates, traefik
from ..lab import Lab
from ..scenario import healthy, scenario
from ..traefik import API, DYNAMIC, ENTRY_POINTS, SHOP

ELSEWHERE = {"[!n]*": "Traefik has one layout in the laboratory", "nginx*": "the same"}
WRITTEN = {"needs": traefik.needs_traefik, "not_on": ELSEWHERE}
healthy_traefik = partial(healthy, needs=traefik.needs_traefik, not_on=ELSEWHERE)
#: A 404 alone says nothing to who asks from outside.
no_router = partial(
    scenario,
    outside=None,
    server="server.traefik-no-router",
    differs=(DYNAMIC,),
    needs=traefik.needs_traefik,
    not_on=ELSEWHERE,
)


def _with(lab: Lab, old: str, new: str, static: str = ENTRY_POINTS + API) -> None:
    assert old in SHOP
    traefik.serve(lab, SHOP.replace(old, new), static)


@healthy_traefik(args=("--ws", "/ws"))
def traefik_serves_the_site(lab: Lab) -> None:
    traefik.serve(lab)


@healthy_traefik()
def traefik_serves_the_site_without_its_api(lab: Lab) -> None:
    traefik.serve(lab, SHOP, ENTRY_POINTS)


@healthy_traefik()
def traefik_has_a_rule_with_an_expression(lab: Lab) -> None:
    """The braces are a number of times, and no pattern of version 2."""
    _with(lab, "Host(`shop.example.com`)", r"HostRegexp(`^[a-z]{2,9}\.example\.com$`)")


@no_router()
def rule_of_traefik_has_single_quotes(lab: Lab) -> None:
    _with(lab, "Host(`shop.example.com`)", "Host('shop.example.com')")


@no_router()
def rule_of_traefik_has_single_quotes_and_no_api_is_on(lab: Lab) -> None:
    _with(lab, "Host(`shop.example.com`)", "Host('shop.example.com')", ENTRY_POINTS)


@no_router()
def rule_of_traefik_has_a_list_of_version_2(lab: Lab) -> None:
    _with(lab, "Host(`shop.example.com`)", "Host(`shop.example.com`, `www.example.com`)")


@no_router()
def rule_of_traefik_has_a_pattern_of_version_2(lab: Lab) -> None:
    _with(lab, "Host(`shop.example.com`)", "HostRegexp(`{sub:[a-z]+}.example.com`)")


@no_router()
def router_of_traefik_is_on_no_entry_point(lab: Lab) -> None:
    """Guides call it `https`, `websecure` or `web-secure`."""
    _with(lab, "[websecure]", "[https]")


@no_router()
def service_of_a_router_of_traefik_is_a_list(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/9260: the service has the name "║24║shop"."""
    _with(lab, "      service: shop\n", "      service:\n        - shop\n")


@no_router()
def service_of_a_router_of_traefik_is_a_list_and_no_api_is_on(lab: Lab) -> None:
    _with(lab, "      service: shop\n", "      service: [shop]\n", ENTRY_POINTS)


FILE = ENTRY_POINTS.replace(
    "file: {directory: /etc/traefik/dynamic, watch: true}", f"file: {{directory: {DYNAMIC}}}"
)


@no_router(
    outside="server.traefik-default-certificate",
    manual="no unit has Traefik, and a person starts it again",
    differs=(traefik.STATIC,),
)
def folder_of_traefik_is_a_file(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/6896: "unable to read directory"."""
    traefik.serve(lab, SHOP, FILE)


@healthy_traefik()
def traefik_reads_one_file(lab: Lab) -> None:
    traefik.serve(lab, SHOP, FILE.replace("directory", "filename"))


@no_router()
def router_of_traefik_has_no_tls(lab: Lab) -> None:
    _with(lab, "      tls: {}\n", "")


@no_router()
def router_of_traefik_is_on_port_80_and_has_no_tls(lab: Lab) -> None:
    """After the guide of cr0x.net about labels: one fault mended, and still 404."""
    text = SHOP.replace("      tls: {}\n", "")
    traefik.serve(lab, text.replace("[websecure]", "[web]"), ENTRY_POINTS + API)


@no_router()
def service_of_traefik_is_misspelt(lab: Lab) -> None:
    _with(lab, "      service: shop\n", "      service: shpo\n")


@no_router(differs=(), manual="which middleware closes the site, a person knows")
def password_of_traefik_is_misspelt(lab: Lab) -> None:
    """`auths` has a name like it, and asks for no password."""
    lines = "  middlewares:\n    auths: {headers: {frameDeny: true}}\n  services:"
    text = SHOP.replace("      service: shop\n", "      service: shop\n      middlewares: [auth]\n")
    traefik.serve(lab, text.replace("  services:", lines))


@scenario(
    outside="http.server-error",
    server="server.application-down",
    manual="which port the application has, a person writes",
    **WRITTEN,  # type: ignore[arg-type]
)
def application_behind_traefik_has_another_port(lab: Lab) -> None:
    _with(lab, ":3000", ":3005")


def _below_api(lab: Lab, has: str, middlewares: str = "") -> None:
    """A router for /api, whose application has this path alone."""
    lab.spawn(lab.server, lab.server.application("paths_server", "3001", f"{has}:json"), 3001)
    rule = "rule: Host(`shop.example.com`) && PathPrefix(`/api`)"
    lines = f"entryPoints: [websecure]\n      service: api\n      tls: {{}}\n{middlewares}"
    router = f"    api:\n      {rule}\n      {lines}"
    strip = "  middlewares:\n    strip:\n      stripPrefix: {prefixes: [/api]}\n"
    servers = "loadBalancer: {servers: [{url: 'http://127.0.0.1:3001'}]}"
    service = f"  services:\n    api:\n      {servers}\n"
    traefik.serve(lab, SHOP.replace("  services:\n", f"{router}{strip}{service}"))


STRIP = "      middlewares: [strip]\n"
ITEMS = "https://shop.example.com/api/items"
below_api = partial(
    scenario,
    outside=None,
    target=ITEMS,
    manual="a person decides which of both paths is meant",
    needs=traefik.needs_traefik,
    not_on=ELSEWHERE,
)


@below_api(server="server.path-changed")
def traefik_takes_a_needed_prefix_off(lab: Lab) -> None:
    """https://github.com/coollabsio/coolify/issues/2603: `stripPrefix` before an application that
    has the prefix itself."""
    _below_api(lab, "/api/items", STRIP)


@below_api(server="server.prefix-kept")
def traefik_keeps_a_prefix(lab: Lab) -> None:
    _below_api(lab, "/items")


@healthy_traefik(target=ITEMS)
def traefik_takes_a_prefix_off(lab: Lab) -> None:
    _below_api(lab, "/items", STRIP)


@healthy_traefik(target=ITEMS)
def traefik_passes_a_prefix_on(lab: Lab) -> None:
    _below_api(lab, "/api/items")


@scenario(
    outside="http.redirect-loop",
    server="server.host-not-passed",
    differs=(DYNAMIC,),
    needs=traefik.needs_traefik,
    not_on=ELSEWHERE,
)
def traefik_does_not_pass_the_host_on(lab: Lab) -> None:
    lab.application("--mode", "canonical")
    _with(lab, "      loadBalancer:\n", "      loadBalancer:\n        passHostHeader: false\n")


file_refused = partial(
    scenario,
    # No file has Traefik taken, so the certificate is its own.
    outside="server.traefik-default-certificate",
    server="server.traefik-file-refused",
    differs=(DYNAMIC,),
    needs=traefik.needs_traefik,
    not_on=ELSEWHERE,
)


@file_refused()
def file_of_traefik_has_a_field_with_another_name(lab: Lab) -> None:
    _with(lab, "      service: shop\n", "      services: shop\n")


@file_refused(manual="how far the line is to be indented, a person sees")
def file_of_traefik_has_a_tab(lab: Lab) -> None:
    _with(lab, "      service: shop\n", "\tservice: shop\n")


@file_refused(manual="which of the two is meant, a person knows")
def file_of_traefik_has_a_key_twice(lab: Lab) -> None:
    _with(lab, "  services:\n", "  routers: {}\n  services:\n", ENTRY_POINTS)


@healthy_traefik()
def file_of_traefik_was_spoilt_while_it_ran(lab: Lab) -> None:
    """Traefik goes on with what it read before."""
    traefik.serve(lab)
    lab.server.write(DYNAMIC, SHOP.replace("      service: shop\n", "\tservice: shop\n"))


OWN_TLS = """
import http.server, ssl
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>shop</title>")
    do_HEAD = do_GET
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 9443), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/run/own.pem", "/run/own.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
NEW = "openssl req -x509 -newkey rsa:2048 -nodes -keyout /run/own.key -out /run/own.pem -days 90"


def _own_tls(lab: Lab, text: str) -> None:
    """The application has TLS with a certificate of its own."""
    lab.server.sh(f"{NEW} -subj /CN=shop.local 2>/dev/null")
    lab.spawn(lab.server, lab.server.python("-c", OWN_TLS), 9443)
    traefik.serve(lab, text.replace("http://127.0.0.1:3000", "https://127.0.0.1:9443"))


@scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    manual="the file of the authority is a person's",
    **WRITTEN,  # type: ignore[arg-type]
)
def application_behind_traefik_has_its_own_certificate(lab: Lab) -> None:
    _own_tls(lab, SHOP)


@healthy_traefik()
def traefik_does_not_verify_the_application(lab: Lab) -> None:
    own = "  serversTransports: {own: {insecureSkipVerify: true}}\n  services:\n"
    text = SHOP.replace("  services:\n", own)
    _own_tls(lab, text.replace("loadBalancer:\n", "loadBalancer:\n        serversTransport: own\n"))


@scenario(
    outside="http.server-error",
    server="server.backend-tls-fails",
    differs=(DYNAMIC,),
    **WRITTEN,  # type: ignore[arg-type]
)
def traefik_speaks_tls_to_plain_http(lab: Lab) -> None:
    _with(lab, "http://127.0.0.1:3000", "https://127.0.0.1:3000")


@scenario(
    outside="server.traefik-default-certificate",
    server="server.traefik-default-certificate",
    manual="the certificate comes from an authority, which is not here",
    **WRITTEN,  # type: ignore[arg-type]
)
def router_of_traefik_names_no_resolver(lab: Lab) -> None:
    order = "acme: {email: a@example.com, storage: /etc/traefik/acme.json}"
    static = f"{ENTRY_POINTS}{API}certificatesResolvers: {{le: {{{order}}}}}\n"
    traefik.serve(lab, SHOP.partition("tls:\n  certificates")[0], static)


OWN_CERTIFICATES = SHOP[SHOP.index("tls:\n  certificates") :]
STORE = "/etc/traefik/acme.json"
RESOLVER = f"""\
certificatesResolvers:
  le:
    acme:
      email: admin@example.com
      storage: {STORE}
      caServer: https://127.0.0.1:14000/dir
      httpChallenge: {{entryPoint: web}}
"""


@scenario(
    outside="server.traefik-default-certificate",
    needs=traefik.needs_traefik,
    not_on=ELSEWHERE,
    manual="the laboratory has no authority that issues a certificate",
)
def store_of_traefik_is_open_to_others(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/6972: "permissions 755 for /letsencrypt/acme.json
    are too open, please use 600"; the resolver is left out."""
    lab.server.write(STORE, "{}", 0o644)
    dynamic = SHOP.replace(OWN_CERTIFICATES, "").replace("tls: {}", "tls: {certResolver: le}")
    traefik.serve(lab, dynamic, ENTRY_POINTS + API + RESOLVER)


OWN_NAME = """
{
	admin off
	auto_https off
	default_bind 127.0.0.1
}
https://:8011 {
	tls /etc/ssl/lab/app.pem /etc/ssl/lab/app.key
	@own host app.example.com
	header Content-Type text/html
	respond @own "<!doctype html><title>Shop</title><p>It works.</p>" 200
	respond "The requested URL / was not found on this server." 404
}
"""


def _needs_caddy_too() -> str:
    return traefik.needs_traefik() or caddy.needs_caddy()


def _before_another_operator(lab: Lab, line: str = "") -> None:
    """An application that knows its own name alone, which Caddy plays."""
    own = certificates.leaf("app.example.com")
    lab.server.write("/etc/ssl/lab/app.pem", own.chain)
    lab.server.write("/etc/ssl/lab/app.key", own.key_pem, 0o600)
    lab.server.write("/etc/hosts", lab.server.read("/etc/hosts") + "127.0.0.1 app.example.com\n")
    lab.server.write("/etc/foreign", OWN_NAME)
    words = ["--config", "/etc/foreign", "--adapter", "caddyfile"]
    lab.spawn(lab.server, ["caddy", "run", *words], 8011)
    text = SHOP.replace("http://127.0.0.1:3000", "https://app.example.com:8011")
    traefik.serve(lab, text.replace("        servers:\n", f"{line}        servers:\n"))


@no_router(
    server="server.request-refused",
    needs=_needs_caddy_too,
    differs=(),
    manual="the other operator has no WebSocket",
)
def traefik_sends_the_visitors_name_to_another_operator(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/6735: the service is a site of somebody else."""
    _before_another_operator(lab)


@healthy_traefik(needs=_needs_caddy_too)
def traefik_sends_another_operator_its_own_name(lab: Lab) -> None:
    _before_another_operator(lab, "        passHostHeader: false\n")


@scenario(
    outside="http.server-error",
    server="server.application-speaks-tls",
    differs=(DYNAMIC,),
    **WRITTEN,  # type: ignore[arg-type]
)
def traefik_speaks_http_to_an_application_with_tls(lab: Lab) -> None:
    """https://github.com/rawmind0/rancher-traefik/issues/30: "The plain HTTP request was sent to
    HTTPS port"."""
    own = certificates.leaf("app.example.com")
    lab.server.write("/etc/ssl/lab/app.pem", own.chain)
    lab.server.write("/etc/ssl/lab/app.key", own.key_pem, 0o600)
    files = ("--certificate", "/etc/ssl/lab/app.pem", "--key", "/etc/ssl/lab/app.key")
    lab.application(*files)
    traefik.serve(lab)


FRAMES = "http:\n  middlewares:\n    frames:\n      headers: {frameDeny: true}\n"


@no_router()
def middleware_of_traefik_is_in_the_static_file(lab: Lab) -> None:
    """https://github.com/traefik/traefik/issues/5692: `kk16auth@file` stands in traefik.yml."""
    named = "      service: shop\n      middlewares: [frames@file]\n"
    _with(lab, "      service: shop\n", named, ENTRY_POINTS + FRAMES)
