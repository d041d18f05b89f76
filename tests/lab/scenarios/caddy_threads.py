"""What people ask on Caddy's forum and in issues: an address in place of a name or of the
application's address, and a matcher that is one path."""

from .. import caddy, certificates
from ..caddy import CONFIG, KEY, PEM, SHOP
from ..hosts import until
from ..lab import Lab
from .caddy import WS, caddy_scenario, healthy_caddy

ADDRESS = "https://203.0.113.10/"
PERSON = "a person knows where the application is"


def _serve(lab: Lab, *lines: str) -> None:
    text = "".join(f"\t{line}\n" for line in lines)
    caddy.serve(lab, f"shop.example.com {{\n\ttls {PEM} {KEY}\n{text}}}\n")


def _applications(lab: Lab) -> None:
    """Two applications, each with a page at its root alone, played by Caddy."""
    pages = "".join(
        f'http://:{port} {{\n\trespond / "{name}" 200\n\trespond "no page" 404\n}}\n'
        for port, name in ((8001, "first"), (8083, "second"))
    )
    text = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n" + pages
    lab.server.write("/etc/caddy/applications", text)
    words = ["--config", "/etc/caddy/applications", "--adapter", "caddyfile"]
    lab.spawn(lab.server, ["caddy", "run", *words], 8083)


@caddy_scenario(outside="http.redirect-loop", server="server.proxied-to-itself", differs=(CONFIG,))
def caddy_passes_the_page_to_its_own_name(lab: Lab) -> None:
    """After threads of Caddy's forum about ERR_TOO_MANY_REDIRECTS: the name of the site stands
    after reverse_proxy."""
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "shop.example.com"))


@caddy_scenario(outside="http.server-error", server="server.proxied-to-itself", manual=PERSON)
def caddy_passes_the_page_to_itself_over_tls(lab: Lab) -> None:
    """The same with https://: the request goes round until the visitor gives up."""
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "https://shop.example.com"))


@healthy_caddy()
def caddy_passes_the_page_to_another_site_of_its_own(lab: Lab) -> None:
    """`http://localhost:8080` is a site of the same Caddy, and has the application."""
    inner = "http://localhost:8080 {\n\treverse_proxy 127.0.0.1:3000\n}\n"
    proxy = "reverse_proxy localhost:8080 {\n\t\theader_up Host localhost\n\t}"
    site = SHOP.replace("reverse_proxy 127.0.0.1:3000", proxy)
    caddy.serve(lab, site + inner, 80, 443, 8080)


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.site-missing",
    target=ADDRESS,
    manual="a person opens the name",
)
def caddy_is_opened_by_its_address(lab: Lab) -> None:
    """After issues 7417 and 2423 of caddyserver/caddy: the site is for a name, and the address is
    opened."""
    caddy.serve(lab)


@caddy_scenario(
    outside="tls.handshake-failed",
    server="server.site-missing",
    target="https://shop.example.com:8443/",
    manual="a person writes the name",
    also=("firewall.not-permanent", "http.redirect-wrong-host"),
)
def caddy_has_localhost_at_a_port_of_its_own(lab: Lab) -> None:
    """`localhost:8443`, after threads about ERR_SSL_PROTOCOL_ERROR from other devices."""
    site = SHOP.replace("shop.example.com", "localhost:8443")
    caddy.install(lab, site.replace(f"tls {PEM} {KEY}", "tls internal"))
    lab.server.run(["firewall-cmd", "--zone=public", "--add-port=8443/tcp"], check=True)
    caddy.start(lab, 8443)


@caddy_scenario(
    outside=None,
    server="server.prefix-kept",
    target="https://shop.example.com/a",
    manual="a person writes the matcher",
)
def caddy_passes_one_folder_on_whole(lab: Lab) -> None:
    """Issue 3728 of caddyserver/caddy: `reverse_proxy /a` to an application that has no /a."""
    _applications(lab)
    _serve(lab, "reverse_proxy / 127.0.0.1:8001", "reverse_proxy /a 127.0.0.1:8083")


@healthy_caddy(target="https://shop.example.com/a")
def caddy_takes_one_folder_off(lab: Lab) -> None:
    _applications(lab)
    second = "handle_path /a* {\n\t\treverse_proxy 127.0.0.1:8083\n\t}"
    _serve(lab, "reverse_proxy / 127.0.0.1:8001", second)


@caddy_scenario(outside="http.server-error", server="server.backend-not-reached", manual=PERSON)
def caddy_asks_a_name_of_compose(lab: Lab) -> None:
    """After threads about "dial tcp: lookup app: no such host": the service's name in Compose, and
    Caddy runs on the host."""
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", "app:3000"))


@caddy_scenario(outside="http.server-error", server="server.backend-not-reached", manual=PERSON)
def caddy_names_a_socket_of_another_php(lab: Lab) -> None:
    """After threads about "dial unix /run/php/php8.2-fpm.sock: no such file"."""
    lab.server.write("/srv/www/index.php", "<?php\n")
    socket = "php_fastcgi unix//run/php/php8.2-fpm.sock"
    _serve(lab, "root * /srv/www", socket, "file_server")


@caddy_scenario(outside="http.server-error", server="server.application-down", manual=PERSON)
def caddy_names_a_port_without_php(lab: Lab) -> None:
    """`php_fastcgi 127.0.0.1:9000`, and PHP-FPM listens on its socket."""
    lab.server.write("/srv/www/index.php", "<?php\n")
    _serve(lab, "root * /srv/www", "php_fastcgi 127.0.0.1:9000", "file_server")


def _behind_a_sign_in(lab: Lab, *, running: bool = True) -> None:
    """Caddy asks a server of sign-ins first (forward_auth), which Caddy plays."""
    if running:
        text = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\nhttp://:9091 {\n\trespond 200\n}\n"
        lab.server.write("/etc/caddy/sign-in", text)
        words = ["--config", "/etc/caddy/sign-in", "--adapter", "caddyfile"]
        lab.spawn(lab.server, ["caddy", "run", *words], 9091)
    ask = "forward_auth 127.0.0.1:9091 {\n\t\turi /api/verify\n\t\tcopy_headers Remote-User\n\t}"
    _serve(lab, ask, "reverse_proxy 127.0.0.1:3000")


@healthy_caddy(args=WS)
def caddy_asks_a_sign_in_first(lab: Lab) -> None:
    _behind_a_sign_in(lab)


@caddy_scenario(outside="http.server-error", server="server.application-down", manual=PERSON)
def caddy_asks_a_sign_in_that_is_down(lab: Lab) -> None:
    """After threads about forward_auth and Authelia: "dial tcp …:9091: connection refused"."""
    _behind_a_sign_in(lab, running=False)


@caddy_scenario(outside="http.server-error", server="server.application-down", manual=PERSON)
def caddy_application_behind_a_sign_in_is_down(lab: Lab) -> None:
    """The sign-in answers, and the application is what does not listen."""
    _behind_a_sign_in(lab)
    lab.application_service.stop()


#: A site of another operator, which knows its own name alone, with TLS.
FOREIGN = """\
{
	admin off
	auto_https disable_redirects
	https_port 8011
	http_port 8012
	default_bind 127.0.0.1
}
https://app.example.com {
	tls /etc/ssl/lab/app.pem /etc/ssl/lab/app.key
	@own host app.example.com
	respond @own "<p>It works.</p>" 200
}
https:// {
	tls /etc/ssl/lab/app.pem /etc/ssl/lab/app.key
	respond "no such site" 404
}
"""


def _before_another_operator(lab: Lab, *lines: str) -> None:
    own = certificates.leaf("app.example.com")
    lab.server.write("/etc/ssl/lab/app.pem", own.chain)
    lab.server.write("/etc/ssl/lab/app.key", own.key_pem, 0o600)
    lab.server.write("/etc/hosts", lab.server.read("/etc/hosts") + "127.0.0.1 app.example.com\n")
    lab.server.write("/etc/caddy/foreign", FOREIGN)
    words = ["--config", "/etc/caddy/foreign", "--adapter", "caddyfile"]
    lab.spawn(lab.server, ["caddy", "run", *words], 8011)
    options = "".join(f"\n\t\t{line}" for line in lines)
    _serve(lab, f"reverse_proxy https://app.example.com:8011 {{{options}\n\t}}")


@caddy_scenario(
    outside=None,
    server="server.request-refused",
    manual="the other operator has no WebSocket",
)
def caddy_sends_the_sites_name_to_another_operator(lab: Lab) -> None:
    """After threads about `reverse_proxy https://…` and 404 of a hosting service: its own name is
    missing in Host."""
    _before_another_operator(lab)


@healthy_caddy()
def caddy_sends_another_operator_its_own_name(lab: Lab) -> None:
    _before_another_operator(lab, "header_up Host {upstream_hostport}")


API = "https://shop.example.com/api/users"


def _files_and_api(lab: Lab, *lines: str) -> None:
    """A folder of files, and an API that Caddy plays."""
    text = (
        '{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\nhttp://:8001 {\n\trespond /api/users "[]"\n'
    )
    lab.server.write("/etc/caddy/api", f"{text}\trespond 404\n}}\n")
    words = ["--config", "/etc/caddy/api", "--adapter", "caddyfile"]
    lab.spawn(lab.server, ["caddy", "run", *words], 8001)
    lab.server.write("/srv/www/index.html", "<!doctype html><title>Shop</title><p>It works.</p>\n")
    _serve(lab, "root * /srv/www", *lines)


@caddy_scenario(outside=None, server="server.caddy-files-first", target=API, manual=PERSON)
def caddy_route_has_files_first(lab: Lab) -> None:
    """After threads about `route`: what is written first answers."""
    _files_and_api(lab, "route {", "\tfile_server", "\treverse_proxy /api/* 127.0.0.1:8001", "}")


@caddy_scenario(outside=None, server="server.caddy-files-first", target=API, manual=PERSON)
def caddy_handle_of_files_takes_everything(lab: Lab) -> None:
    """After threads about `reverse_proxy /api/*` beside a `handle` for the rest."""
    _files_and_api(lab, "reverse_proxy /api/* 127.0.0.1:8001", "handle {", "\tfile_server", "}")


@healthy_caddy(target=API)
def caddy_route_has_the_application_first(lab: Lab) -> None:
    _files_and_api(lab, "route {", "\treverse_proxy /api/* 127.0.0.1:8001", "\tfile_server", "}")


def _rewritten(lab: Lab, *matcher: str) -> None:
    """A page behind /index.php, and a WebSocket of another application."""
    text = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\nhttp://:8001 {\n"
    text += "\theader Content-Type text/html\n"
    page = '\trespond /index.php "<!doctype html><title>Shop</title><p>It works.</p>"\n}\n'
    lab.server.write("/etc/caddy/pages", text + page)
    words = ["--config", "/etc/caddy/pages", "--adapter", "caddyfile"]
    lab.spawn(lab.server, ["caddy", "run", *words], 8001)
    proxies = ("reverse_proxy /ws 127.0.0.1:3000", "reverse_proxy /index.php 127.0.0.1:8001")
    rewrite = "rewrite @php /index.php?_url={uri}"
    _serve(
        lab, "root * /srv/www", "rewrite / /index.php", *matcher, rewrite, *proxies, "file_server"
    )


@caddy_scenario(
    outside="websocket.not-upgraded",
    server="server.caddy-files-first",
    args=WS,
    differs=(CONFIG,),
)
def caddy_rewrites_the_path_of_a_websocket(lab: Lab) -> None:
    """https://github.com/v2ray/v2ray-core/issues/869: what is no file goes to index.php."""
    _rewritten(lab, "@php not file")


@healthy_caddy(args=WS)
def caddy_rewrites_all_paths_but_that_of_a_websocket(lab: Lab) -> None:
    _rewritten(lab, "@php {", "\tnot path /ws", "\tnot file", "}")


@caddy_scenario(outside="http.cors-twice", differs=(caddy.CONFIG,))
def caddy_and_the_application_allow_other_sites(lab: Lab) -> None:
    """Issue 15 of takwerx/infra-TAK: Caddy's `header` and the application, "*, *"."""
    text = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\nhttp://:5002 {\n"
    tiles = '\theader Access-Control-Allow-Origin *\n\trespond "<p>It works.</p>"\n}\n'
    lab.server.write("/etc/caddy/tiles", text + tiles)
    words = ["--config", "/etc/caddy/tiles", "--adapter", "caddyfile"]
    lab.spawn(lab.server, ["caddy", "run", *words], 5002)
    websocket = "reverse_proxy /ws 127.0.0.1:3000"
    _serve(lab, "header Access-Control-Allow-Origin *", websocket, "reverse_proxy 127.0.0.1:5002")


def _with_a_health_check(lab: Lab, uri: str) -> None:
    """Two applications' pages are at their root alone, and Caddy asks for this one first."""
    _applications(lab)
    lines = f"\t\thealth_uri {uri}\n\t\thealth_interval 1s\n"
    websocket = "reverse_proxy /ws 127.0.0.1:3000"
    _serve(lab, websocket, f"reverse_proxy 127.0.0.1:8083 {{\n{lines}\t}}")
    expected = "200" if uri == "/" else "503"
    ask = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "https://shop.example.com/"]
    until(lambda: lab.server.run(ask).stdout == expected, f"Caddy answers {expected}")


@caddy_scenario(
    outside="http.server-error",
    server="server.caddy-health-check-fails",
    differs=(caddy.CONFIG,),
)
def caddy_asks_for_a_health_page_that_is_missing(lab: Lab) -> None:
    """After threads about "no upstreams available" and health_uri."""
    _with_a_health_check(lab, "/health")


def _group_with_a_health_check(lab: Lab, uri: str, names: str = "") -> None:
    """The same page of two members, by names."""
    _applications(lab)
    if names:
        own = lab.server.read("/etc/hosts")
        lab.undo(lambda: lab.server.write("/etc/hosts", own))
        lab.server.write("/etc/hosts", f"{own}127.0.0.1 {names}\n")
    lines = f"\t\thealth_uri {uri}\n\t\thealth_interval 1s\n"
    group = "app1.internal:8083 app2.internal:8083"
    _serve(lab, "reverse_proxy /ws 127.0.0.1:3000", f"reverse_proxy {group} {{\n{lines}\t}}")
    expected = "200" if names and uri == "/" else "503"
    ask = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "https://shop.example.com/"]
    until(lambda: lab.server.run(ask).stdout == expected, f"Caddy answers {expected}")


@caddy_scenario(
    outside="http.server-error",
    server="server.caddy-health-check-fails",
    differs=(caddy.CONFIG,),
)
def caddy_asks_each_member_of_a_group_for_a_page_that_is_missing(lab: Lab) -> None:
    """https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#active-health-checks: the
    members are named as in /etc/hosts."""
    _group_with_a_health_check(lab, "/helth", "app1.internal app2.internal")


@caddy_scenario(
    outside="http.server-error",
    server="server.backend-not-reached",
    manual="a person knows the addresses",
)
def caddy_has_a_group_of_names_without_addresses(lab: Lab) -> None:
    """The names were in /etc/hosts of another machine."""
    _group_with_a_health_check(lab, "/")


@healthy_caddy()
def caddy_asks_each_member_of_a_group_for_a_page_that_is_there(lab: Lab) -> None:
    _group_with_a_health_check(lab, "/", "app1.internal app2.internal")


@healthy_caddy()
def caddy_asks_for_a_health_page_that_is_there(lab: Lab) -> None:
    _with_a_health_check(lab, "/")
