"""Faults of Apache and HAProxy that nginx has too, each with the edit of the server's own file."""

from .. import apache, certificates, haproxy
from ..haproxy import BACKEND, GLOBAL, HTTP, HTTPS
from ..lab import Lab
from .apache import SITE, apache_scenario, healthy_apache
from .haproxy import haproxy_scenario, healthy_haproxy
from .nginx_files import of_certbot
from .server_pages import PAGE

WS = ("--ws", "/ws")
BOUND = f"bind :443 ssl crt {haproxy.PEM} alpn h2,http/1.1"


def _haproxy_before_http2(lab: Lab, words: str) -> None:
    """nginx gets the requests in HTTP/2 without TLS, and does not know WebSockets there."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8080;\n    http2 on;")
    haproxy.serve(lab, haproxy.SITE.replace(":3000", f":8080 {words}"), keep_nginx=True)


@haproxy_scenario(
    outside="websocket.not-upgraded",
    server="server.application-answers",
    differs=(haproxy.CONFIG,),
    args=WS,
)
def haproxy_speaks_http2_to_the_server(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/162: proto h2, and WebSockets fail alone."""
    _haproxy_before_http2(lab, "proto h2")


@healthy_haproxy(args=WS)
def haproxy_speaks_http1_for_websockets(lab: Lab) -> None:
    _haproxy_before_http2(lab, "proto h2 ws h1")


@haproxy_scenario(
    outside="tcp.refused",
    server="server.config-invalid",
    differs=(haproxy.CONFIG, "processes"),
)
def haproxy_has_a_misspelled_keyword(lab: Lab) -> None:
    """HAProxy 3.0: "unknown option 'forwardfr'; did you mean 'forwardfor' maybe ?"."""
    haproxy.install(lab, haproxy.SITE.replace("option forwardfor", "option forwardfr"))


@haproxy_scenario(
    outside="tls.plain-http",
    server="server.tls-off",
    differs=(haproxy.CONFIG, "/etc/haproxy/shop.example.com.pem"),
)
def haproxy_has_no_tls_and_certbot_has_a_certificate(lab: Lab) -> None:
    """The first certificate is there, and no line names it."""
    of_certbot(lab, certificates.good())
    haproxy.serve(lab, haproxy.SITE.replace(BOUND, "bind :443"))


@apache_scenario(outside="tls.plain-http", server="server.tls-off", differs=SITE)
def apache_has_no_tls_and_certbot_has_a_certificate(lab: Lab) -> None:
    """The same with a virtual host without any line of mod_ssl."""
    of_certbot(lab, certificates.good())
    rows = [row for row in apache.HTTPS.split("\n") if "SSL" not in row]
    apache.serve(lab, "\n".join([*rows, apache.HTTP]))


def _nameless(lab: Lab, name: str) -> None:
    first = apache.HTTPS.replace("    ServerName shop.example.com\n", "")
    lines = [line for line in first.split("\n") if "Proxy" not in line]
    site = apache.HTTPS.replace("    ServerName shop.example.com\n", name)
    apache.install(lab, f"{site}\n{apache.HTTP}")
    default = "/etc/apache2/sites-enabled/000-default-ssl.conf"
    lab.server.write(default, "\n".join(lines))
    lab.server.write("/var/www/html/index.html", PAGE)
    apache.start(lab)


@apache_scenario(
    outside=None,
    server="server.wrong-site",
    target="https://shop.example.com/ws",
    differs=SITE,
)
def apache_has_a_site_without_a_name(lab: Lab) -> None:
    """https://github.com/netdata/netdata/issues/1601: no ServerName, so the first site answers."""
    _nameless(lab, "")


@healthy_apache()
def apache_has_a_default_site_first(lab: Lab) -> None:
    _nameless(lab, "    ServerName shop.example.com\n")


LANDS = ("Wenn ich meine Webseite aufrufen möchte, lande ich immer auf der Mailcow Seite",)


def _beside_mail(lab: Lab, name: str) -> None:
    """Mailcow's site is read first, and one certificate is for both."""
    mail = apache.HTTPS.replace("ServerName shop.example.com", "ServerName mail.example.org")
    lines = [line for line in mail.split("\n") if "Proxy" not in line]
    site = apache.HTTPS.replace("    ServerName shop.example.com\n", name)
    apache.install(lab, f"{site}\n{apache.HTTP}")
    both = certificates.leaf("shop.example.com", "mail.example.org")
    lab.server.write(apache.PEM, both.chain)
    lab.server.write(apache.KEY, both.key_pem, 0o600)
    lab.server.write("/etc/apache2/sites-enabled/000-0-mailcow.conf", "\n".join(lines))
    lab.undo(lambda: lab.server.sh("rm -f /etc/apache2/sites-enabled/000-0-mailcow.conf"))
    lab.server.write("/var/www/html/index.html", PAGE)
    apache.start(lab)


@apache_scenario(outside=None, server="server.wrong-site", args=LANDS, differs=SITE)
def apache_shows_the_page_of_mailcow(lab: Lab) -> None:
    """https://github.com/mailcow/mailcow/issues/483: the other site has no ServerName."""
    _beside_mail(lab, "")


@apache_scenario(outside=None, server="server.wrong-site", differs=SITE)
def apache_shows_the_page_of_another_site(lab: Lab) -> None:
    """The same without a message."""
    _beside_mail(lab, "")


@healthy_apache(args=LANDS)
def apache_has_a_name_for_the_site_beside_mailcow(lab: Lab) -> None:
    _beside_mail(lab, "    ServerName shop.example.com\n")


def _whole_path(lab: Lab, rules: str) -> None:
    rule = f"RewriteEngine On\n{rules}    RewriteRule ^(.*)$ http://127.0.0.1:3000$1 [P]\n"
    lines = [line for line in apache.HTTPS.split("\n") if "ProxyPass" not in line]
    text = "\n".join(lines).replace("    RequestHeader", f"    {rule}    RequestHeader")
    apache.serve(lab, f"{text}\n{apache.HTTP}")


@apache_scenario(
    outside="websocket.not-upgraded", server="server.websocket-not-passed", args=WS, differs=SITE
)
def apache_rewrites_the_whole_path(lab: Lab) -> None:
    """A rule puts the path behind the port, where it has its own slash."""
    _whole_path(lab, "")


@healthy_apache(args=WS)
def apache_rewrites_websockets_first(lab: Lab) -> None:
    upgrade = "    RewriteCond %{HTTP:Upgrade} websocket [NC]\n"
    _whole_path(lab, f"{upgrade}    RewriteRule ^(.*)$ ws://127.0.0.1:3000$1 [P]\n")


@haproxy_scenario(
    outside="tcp.refused",
    server="server.config-invalid",
    differs=("/etc/haproxy/certs/shop.example.com.pem", "processes"),
)
def haproxy_has_an_empty_folder_of_certificates(lab: Lab) -> None:
    """https://github.com/libresh/compose-haproxy/issues/1: HAProxy cannot start without one."""
    of_certbot(lab, certificates.good())
    lab.server.sh("mkdir -p /etc/haproxy/certs")
    lab.undo(lambda: lab.server.sh("rm -rf /etc/haproxy/certs"))
    haproxy.install(lab, haproxy.SITE.replace(haproxy.PEM, "/etc/haproxy/certs/"))


@haproxy_scenario(outside="http.server-error", server="server.haproxy-no-backend",
                  differs=(haproxy.CONFIG,))  # fmt: skip
def haproxy_has_a_rule_for_another_name(lab: Lab) -> None:
    """One backend, and a rule for one name."""
    rule = "    use_backend app if { hdr(host) -i blog.example.com }\n"
    text = HTTPS.replace("    default_backend app\n", rule)
    haproxy.serve(lab, f"{GLOBAL}\n{HTTP}\n{text}\n{BACKEND}")
