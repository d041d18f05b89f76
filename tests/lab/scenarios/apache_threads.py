"""Apache in front of an application, after threads whose cause was not named at first sight."""

import re
from pathlib import Path

from .. import apache, certificates, haproxy
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, WS, apache_scenario, healthy_apache
from .apache_log import KEY, PEM
from .logged_websockets import UPGRADE, _browser

OWN_LINE = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
BARE = re.sub(r"    (?:Proxy|RequestHeader).*\n", "", HTTPS)


def site_with(lines: str) -> str:
    """The site with these lines in the place of those that pass requests on."""
    indented = "".join(f"    {line}\n" for line in lines.strip().split("\n"))
    return f"{BARE.replace('</VirtualHost>', f'{indented}</VirtualHost>')}\n{HTTP}"


def application_with_tls(lab: Lab) -> None:
    issued = certificates.good()
    lab.server.write(PEM, issued.chain)
    lab.server.write(KEY, issued.key_pem, 0o600)
    lab.application("--certificate", PEM, "--key", KEY)


# A WebSocket that no page names: the access log has the handshake that failed

SECURE = """\
SSLProxyEngine on
SSLProxyCheckPeerName off
ProxyPass / https://127.0.0.1:3000/
ProxyPassReverse / https://127.0.0.1:3000/
"""
OTHER_RULE = """\
RewriteEngine On
RewriteCond %{HTTP:Connection} Upgrade [NC]
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteRule /p/socket(.*) ws://127.0.0.1:3000/p/socket$1 [P,L]
ProxyPass / http://127.0.0.1:3000/
ProxyPassReverse / http://127.0.0.1:3000/
"""


@apache_scenario(outside=None, server="server.websocket-not-passed", differs=FILES)
def apache_logged_a_handshake_of_an_application_with_tls(lab: Lab) -> None:
    """https://www.happyassassin.net/2018/11/23/reverse-proxying-websockets-with-apache-a-generic-approach-that-works-even-with-firefox/:
    ProxyPass / https://…, and nothing for the upgrade."""
    application_with_tls(lab)
    apache.serve(lab, site_with(SECURE))
    _browser(lab, "/ws", *UPGRADE)


@apache_scenario(outside=None, server="server.websocket-not-passed", differs=FILES)
def apache_logged_a_handshake_at_another_path_than_its_rule(lab: Lab) -> None:
    """https://github.com/magne4000/quassel-webserver/issues/217: the rule is for /p/socket."""
    apache.serve(lab, site_with(OTHER_RULE))
    _browser(lab, "/ws", *UPGRADE)


MAIN = "/etc/apache2/conf-enabled/shop.conf"
MAIN_RULES = """\
RewriteEngine on
RewriteRule ^/ws(.*) ws://127.0.0.1:3000/ws$1 [P,L]
ProxyPass /ws http://127.0.0.1:3000/ws
"""
PAGE = "/var/www/html/index.html"


def _main_server(lab: Lab, lines: str) -> None:
    """These lines stand outside of every <VirtualHost>."""
    lab.undo(lambda: lab.server.sh(f"rm -f {MAIN} {PAGE}"))
    apache.install(lab, f"{BARE}\n{HTTP}")
    lab.server.write(PAGE, "<!doctype html><title>Shop</title><h1>Tea, and the pots for it</h1>\n")
    lab.server.write(MAIN, lines)
    apache.start(lab)


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.websocket-not-passed",
    args=WS,
    differs=FILES,
)
def apache_rule_for_websockets_outside_of_the_virtual_host(lab: Lab) -> None:
    """https://github.com/magne4000/quassel-webserver/issues/159: a virtual host inherits the
    ProxyPass of the main server, and not its RewriteRule."""
    _main_server(lab, MAIN_RULES)


@healthy_apache(args=WS)
def apache_passes_websockets_on_outside_of_the_virtual_host(lab: Lab) -> None:
    _main_server(lab, MAIN_RULES.replace("3000/ws\n", "3000/ws upgrade=websocket\n"))


@healthy_apache()
def apache_logged_addresses_that_visitors_typed_wrongly(lab: Lab) -> None:
    """The application has no WebSocket at a path that it does not know."""
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(OWN_LINE, OWN_LINE + "    Redirect 404 /old\n"))
    _browser(lab, "/old")
    _browser(lab, "/old", *UPGRADE)


@healthy_apache()
def apache_logged_a_handshake_that_opens_by_now(lab: Lab) -> None:
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(OWN_LINE, ""))
    _browser(lab, "/ws", *UPGRADE)
    apache.edit(lab, "    ProxyPass / ", OWN_LINE + "    ProxyPass / ")
    lab.server.run(["apachectl", "graceful"], check=True)


# A rule for WebSockets that never applies

LOOKED_UP = """\
RewriteEngine On
RewriteCond ${HTTP:Upgrade} websocket [NC]
RewriteCond ${HTTP:Connection} upgrade [NC]
RewriteRule ^/?(.*) "ws://127.0.0.1:3000/$1" [P,L]
ProxyPass / http://127.0.0.1:3000/
ProxyPassReverse / http://127.0.0.1:3000/
"""


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.apache-variable-unmarked",
    args=("--ws", "/ws"),
    differs=FILES,
)
def apache_condition_has_a_dollar_sign(lab: Lab) -> None:
    """https://github.com/openware/opendax/issues/284: RewriteCond ${HTTP:Upgrade}."""
    apache.serve(lab, site_with(LOOKED_UP))


@apache_scenario(outside=None, server="server.apache-variable-unmarked", differs=FILES)
def apache_logged_a_handshake_at_a_condition_with_a_dollar_sign(lab: Lab) -> None:
    apache.serve(lab, site_with(LOOKED_UP))
    _browser(lab, "/ws", *UPGRADE)


@healthy_apache(args=("--ws", "/ws"))
def apache_condition_has_a_percent_sign(lab: Lab) -> None:
    apache.serve(lab, site_with(LOOKED_UP.replace("${", "%{")))


#: The thread's own line compares the whole field, `^Upgrade$`: a fault of its own in Firefox, which
#: sends "keep-alive, Upgrade".
IN_SECTION = """\
<Location />
    ProxyPass http://127.0.0.1:3000/
    ProxyPassReverse http://127.0.0.1:3000/
    RewriteEngine on
    RewriteCond %{HTTP:UPGRADE} ^WebSocket$ [NC]
    RewriteCond %{HTTP:CONNECTION} Upgrade [NC]
    RewriteRule .* ws://127.0.0.1:3000/{REQUEST_URI} [P]
</Location>
"""


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.apache-variable-unmarked",
    args=("--ws", "/ws"),
    differs=FILES,
)
def apache_location_has_a_variable_without_its_mark(lab: Lab) -> None:
    """https://github.com/homebridge/homebridge-config-ui-x/issues/259: ws://…/{REQUEST_URI}."""
    apache.serve(lab, site_with(IN_SECTION))


@apache_scenario(
    outside="websocket.not-upgraded", server="server.apache-variable-unmarked", differs=FILES,
    target="wss://shop.example.com/ws",
)  # fmt: skip
def apache_location_has_a_variable_without_its_mark_and_pages_answer(lab: Lab) -> None:
    """The same, asked by the WebSocket's own address: what the application answers to a page there
    is not told as the failure that Apache's log has of the WebSocket."""
    apache.serve(lab, site_with(IN_SECTION))


@healthy_apache(args=("--ws", "/ws"))
def apache_location_has_a_marked_variable(lab: Lab) -> None:
    apache.serve(lab, site_with(IN_SECTION.replace("/{REQ", "%{REQ")))


SECURE_SOCKETS = """\
SSLProxyEngine on
RewriteEngine on
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteCond %{HTTP:Connection} upgrade [NC]
RewriteRule .* "wss://127.0.0.1:3000%{REQUEST_URI}" [P]
ProxyPass / http://127.0.0.1:3000/
ProxyPassReverse / http://127.0.0.1:3000/
"""


@healthy_apache(target="wss://shop.example.com/ws")
def apache_rewrites_websockets_to_plain_http(lab: Lab) -> None:
    apache.serve(lab, site_with(SECURE_SOCKETS.replace("wss:", "ws:")))


# What the application learns about the visitor's scheme

TOLD = "RequestHeader set X-Forwarded-Proto https"


def told_by(lab: Lab, line: str, mode: str = "redirect-to-https") -> None:
    lab.application("--mode", mode)
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace(TOLD, line))


@apache_scenario(outside="http.redirect-loop", server="server.scheme-not-passed", differs=FILES)
def apache_sends_a_scheme_that_is_none(lab: Lab) -> None:
    """https://github.com/dotnet/AspNetCore.Docs/issues/29673: the documentation had an "s" behind
    %{REQUEST_SCHEME}, and the application gets "httpss"."""
    told_by(lab, 'RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}s')


@apache_scenario(outside="http.redirect-loop", server="server.scheme-not-passed", differs=FILES)
def apache_sends_the_scheme_to_the_visitor(lab: Lab) -> None:
    """Header in the place of RequestHeader."""
    told_by(lab, "Header always set X-Forwarded-Proto https")


@healthy_apache()
def apache_sends_the_scheme_under_a_condition(lab: Lab) -> None:
    """mod_ssl sets HTTPS for every request over TLS, without `SSLOptions +StdEnvVars` too."""
    told_by(lab, "RequestHeader set X-Forwarded-Proto https env=HTTPS")


@apache_scenario(
    outside="http.redirect-downgrade",
    server="server.scheme-not-passed",
    differs=FILES,
    target="https://shop.example.com/manage",
)
def apache_application_writes_http_into_its_redirects(lab: Lab) -> None:
    """https://github.com/leihs/leihs/issues/2227: no X-Forwarded-Proto; port 80 leads back to
    https here, and was closed there."""
    told_by(lab, "", "scheme-in-redirect")


BESIDE = """\
ProxyPreserveHost On
RewriteEngine On
RewriteCond %{HTTP:Upgrade} =websocket [NC]
RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]
ProxyPass / http://127.0.0.1:3000/
"""


@apache_scenario(outside="http.redirect-loop", server="server.scheme-not-passed", differs=FILES)
def apache_scheme_not_passed_beside_a_rule_for_websockets(lab: Lab) -> None:
    """The usual RewriteRule for WebSockets stands before the ProxyPass of the pages."""
    lab.application("--mode", "redirect-to-https")
    apache.serve(lab, site_with(BESIDE))


SOCKET_IO = BESIDE.replace(
    "RewriteCond", "RewriteCond %{REQUEST_URI} ^/socket.io [NC]\nRewriteCond", 1
)


@apache_scenario(outside="http.redirect-loop", server="server.scheme-not-passed", differs=FILES)
def apache_scheme_not_passed_beside_a_rule_for_one_path(lab: Lab) -> None:
    """https://github.com/hedgedoc/hedgedoc/issues/616: the rule for WebSockets asks for the path
    too, as the guides of Socket.IO write it."""
    lab.application("--mode", "redirect-to-https")
    apache.serve(lab, site_with(SOCKET_IO))


@healthy_apache()
def apache_scheme_passed_beside_a_rule_for_one_path(lab: Lab) -> None:
    lab.application("--mode", "redirect-to-https")
    apache.serve(lab, site_with(f"{TOLD}\n{SOCKET_IO}"))


@healthy_apache(target="https://shop.example.com/manage")
def apache_application_writes_https_into_its_redirects(lab: Lab) -> None:
    told_by(lab, TOLD, "scheme-in-redirect")


@healthy_apache()
def apache_sends_the_scheme_of_the_request(lab: Lab) -> None:
    told_by(lab, 'RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}')


# An application with TLS, and no SSLProxyEngine

RULES = """\
ProxyPreserveHost On
RewriteEngine On
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteRule ^/?(.*) wss://127.0.0.1:3443/$1 [P,L]
ProxyPass / http://127.0.0.1:3000/
"""
SECTION = """\
ProxyPreserveHost On
<Location />
    ProxyPass https://127.0.0.1:3000/ upgrade=websocket
</Location>
"""


def websockets_with_tls(lab: Lab, lines: str) -> None:
    """The pages are at 3000, and the WebSocket of the same application at 3443."""
    issued = certificates.good()
    lab.server.write(PEM, issued.chain)
    lab.server.write(KEY, issued.key_pem, 0o600)
    program = str(Path(__file__).parents[1] / "application.py")
    options = ("--port", "3443", "--certificate", PEM, "--key", KEY)
    lab.spawn(lab.server, lab.server.python(program, *options), 3443)
    apache.serve(lab, site_with(lines))


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.request-failed",
    args=("--ws", "/ws"),
    differs=FILES,
)
def apache_rule_for_websockets_without_sslproxyengine(lab: Lab) -> None:
    """AH00961 for the WebSocket alone: its RewriteRule has wss://, and the pages come by http://."""
    websockets_with_tls(lab, RULES)


@apache_scenario(outside=None, server="server.request-failed", differs=FILES)
def apache_logged_a_handshake_without_sslproxyengine(lab: Lab) -> None:
    """The same, and nobody names the WebSocket."""
    websockets_with_tls(lab, RULES)
    _browser(lab, "/ws", *UPGRADE)


@healthy_apache(args=("--ws", "/ws"))
def apache_rule_for_websockets_with_sslproxyengine(lab: Lab) -> None:
    websockets_with_tls(lab, f"SSLProxyEngine on\n{RULES}")


@apache_scenario(outside="http.server-error", server="server.request-failed", differs=FILES)
def apache_section_without_sslproxyengine(lab: Lab) -> None:
    """ProxyPass in <Location>, where SSLProxyEngine may not stand."""
    application_with_tls(lab)
    apache.serve(lab, site_with(SECTION))


# A change that Apache has not loaded

OWN_PAGE = "ProxyPass /ws ws://127.0.0.1:3000/ws\nRequestHeader set X-Forwarded-Proto https"
APP = f"{OWN_PAGE}\nProxyPass /app/ http://127.0.0.1:3000/"


def changed_after_the_start(lab: Lab, before: str, after: str) -> None:
    lab.server.write("/var/www/html/index.html", "<!doctype html><title>Shop</title><p>Shop\n")
    apache.serve(lab, site_with(before))
    lab.server.write(apache.SITE, site_with(after))


@apache_scenario(
    outside=None,
    server="server.reload-needed",
    target="https://shop.example.com/app/",
    differs=FILES,
)
def apache_not_reloaded_after_a_proxy_pass(lab: Lab) -> None:
    """The line was added, and Apache answers /app/ with 404 itself."""
    changed_after_the_start(lab, OWN_PAGE, APP)


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.reload-needed",
    args=("--ws", "/ws"),
    differs=FILES,
)
def apache_not_reloaded_after_a_websocket(lab: Lab) -> None:
    changed_after_the_start(lab, "RequestHeader set X-Forwarded-Proto https", APP)


@healthy_apache(target="https://shop.example.com/app/")
def apache_was_reloaded_after_a_proxy_pass(lab: Lab) -> None:
    changed_after_the_start(lab, OWN_PAGE, APP)
    lab.server.run(["apachectl", "graceful"], check=True)


@apache_scenario(
    outside=None,
    server="server.rule-refuses",
    target="https://shop.example.com/app/",
    manual="whether the rule is meant, its owner knows",
)
def apache_answers_a_path_itself_on_purpose(lab: Lab) -> None:
    """The rule is in the file that is loaded, and the newer one has a comment more."""
    rules = f"{APP}\nRewriteEngine On\nRewriteRule ^/app/ - [R=404,L]"
    changed_after_the_start(lab, rules, f"# changed\n{rules}")


# A rule for WebSockets that keeps what the route of the pages takes off

HANDSHAKES = """\
RewriteEngine On
RewriteCond %{{HTTP:Connection}} upgrade [NC]
RewriteCond %{{HTTP:Upgrade}} websocket [NC]
RewriteRule {} [P,L]
ProxyPass /app/ http://127.0.0.1:3000/
ProxyPass /ws ws://127.0.0.1:3000/ws
ProxyPass / http://127.0.0.1:3000/
RequestHeader set X-Forwarded-Proto https
"""


@apache_scenario(
    outside="websocket.not-upgraded",
    server="server.prefix-kept",
    args=("--ws", "/app/ws"),
    differs=FILES,
)
def apache_rule_for_websockets_keeps_the_folder(lab: Lab) -> None:
    """https://github.com/gotify/server/issues/638: ProxyPass takes /gotify/ off, the rule does
    not."""
    lab.application("--mode", "relative-links")
    apache.serve(lab, site_with(HANDSHAKES.format("^/?(.*) ws://127.0.0.1:3000/$1")))


@healthy_apache(args=("--ws", "/app/ws"))
def apache_rule_for_websockets_takes_the_folder_off(lab: Lab) -> None:
    lab.application("--mode", "relative-links")
    apache.serve(lab, site_with(HANDSHAKES.format("^/app/(.*) ws://127.0.0.1:3000/$1")))


# A change that Apache has not loaded, of a site of files

FALL_BACK = "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /shop.html [L]\n"


def files_after_the_start(lab: Lab, before: str, after: str, root: str = "/var/www/html") -> None:
    """The site's folder with an application's .htaccess, and a section that was changed."""
    lab.server.write("/var/www/html/index.html", "<!doctype html><title>Home</title><p>Home\n")
    lab.server.write("/var/www/html/.htaccess", FALL_BACK)
    lab.server.write("/var/www/html/shop.html", "<!doctype html><title>Shop</title><p>Shop\n")
    lab.server.write("/srv/new/index.html", "<!doctype html><title>Home</title><p>Home\n")
    lab.server.write("/srv/new/page.html", "<!doctype html><title>Page</title><p>Page\n")
    lab.undo(
        lambda: lab.server.sh("rm -rf /srv/new /var/www/html/.htaccess /var/www/html/shop.html")
    )
    lab.server.sh("chmod -R a+rX /srv/new")
    section = "<Directory {}>\n    {}\n</Directory>\n".format
    grants = section("/srv/new", "Require all granted")
    text = f"{site_with(OWN_PAGE)}\n{grants}"
    apache.serve(lab, text + section("/var/www/html", before))
    moved = text.replace("DocumentRoot /var/www/html", f"DocumentRoot {root}")
    lab.server.write(apache.SITE, moved + section("/var/www/html", after))


OVERRIDES = ("AllowOverride None", "AllowOverride All\n    Options FollowSymLinks")
CLOSED = ("Require all denied", "Require all granted")


@apache_scenario(
    outside=None,
    server="server.reload-needed",
    target="https://shop.example.com/image/",
    differs=FILES,
)
def apache_not_reloaded_after_allowoverride(lab: Lab) -> None:
    """https://github.com/aerouk/imageserve/issues/18: AllowOverride All is in the file."""
    files_after_the_start(lab, *OVERRIDES)


@apache_scenario(
    outside=None,
    server="server.reload-needed",
    target="https://shop.example.com/shop.html",
    differs=FILES,
)
def apache_not_reloaded_after_a_grant(lab: Lab) -> None:
    """Require all granted is in the file, and Apache answers 403."""
    files_after_the_start(lab, *CLOSED)


@apache_scenario(
    outside=None,
    server="server.reload-needed",
    target="https://shop.example.com/page.html",
    differs=FILES,
)
def apache_not_reloaded_after_a_new_folder(lab: Lab) -> None:
    """DocumentRoot is another in the file, and Apache looks into the old one."""
    files_after_the_start(lab, "AllowOverride None", "AllowOverride None", "/srv/new")


@healthy_apache(target="https://shop.example.com/page.html")
def apache_was_reloaded_after_a_new_folder(lab: Lab) -> None:
    files_after_the_start(lab, "AllowOverride None", "AllowOverride None", "/srv/new")
    lab.server.run(["apachectl", "graceful"], check=True)


@healthy_apache(target="https://shop.example.com/shop.html")
def apache_denies_a_folder_in_the_newer_file_too(lab: Lab) -> None:
    files_after_the_start(lab, CLOSED[0], f"# changed\n    {CLOSED[0]}")


# A challenge of the certificate authority that is passed on to the application

TOKEN = "/.well-known/acme-challenge/oZK3axC2Xw2CoAdlQFjl6mF1JNhJCIIfJivOaiY3is8"
WEBROOT = "/etc/letsencrypt/renewal/shop.example.com.conf"
LEFT_OUT = "    ProxyPass /.well-known/acme-challenge/ !\n"


def challenge_behind(lab: Lab, before: str = "") -> None:
    """Port 80 leads to https, where all is passed on; certbot writes into /var/www/html."""
    lab.application("--mode", "no-challenge")
    settings = "[renewalparams]\nauthenticator = webroot\n[[webroot_map]]\n"
    lab.server.write(WEBROOT, f"{settings}shop.example.com = /var/www/html\n")
    lab.server.write(f"/var/www/html{TOKEN}", "token")
    apache.serve(lab, f"{HTTPS}\n{HTTP}".replace("    ProxyPass /ws", f"{before}    ProxyPass /ws"))


@apache_scenario(
    outside="http.redirect-to-error",
    server="server.acme-challenge-passed",
    target=f"http://shop.example.com{TOKEN}",
    differs=FILES,
)
def apache_passes_the_challenge_on(lab: Lab) -> None:
    """https://blog.tinned-software.net/reverse-proxy-with-exception-for-lets-encrypt/."""
    challenge_behind(lab)


@healthy_apache(target=f"http://shop.example.com{TOKEN}")
def apache_leaves_the_challenge_out(lab: Lab) -> None:
    challenge_behind(lab, LEFT_OUT)


# Apache's .htaccess behind HAProxy

FORCES = "RewriteEngine On\nCONDITION\nRewriteRule ^(.*)$ https://%{HTTP_HOST}/$1 [R=301,L]\n"
INNER = re.sub(r"    SSL.*\n", "", BARE.replace("*:443", "*:8080"))
FOLDER = """\
<Directory /var/www/html>
    AllowOverride All
    Require all granted
</Directory>
"""


def behind_haproxy(lab: Lab, condition: str) -> None:
    """HAProxy ends TLS and sends X-Forwarded-Proto; Apache has port 8080, and an .htaccess."""
    apache.install(lab, f"{INNER}{FOLDER}")
    lab.server.sh("mv /usr/sbin/haproxy.away /usr/sbin/haproxy; mkdir -p /run/haproxy")
    lab.undo(lambda: lab.server.sh("mv /usr/sbin/haproxy /usr/sbin/haproxy.away"))
    lab.server.write(apache.PORTS, "Listen 127.0.0.1:8080\n")
    lab.server.write("/var/www/html/index.html", "<!doctype html><title>Shop</title><p>Shop\n")
    lab.server.write("/var/www/html/.htaccess", FORCES.replace("CONDITION", condition))
    apache.start(lab, 8080)
    lab.server.write(haproxy.PEM, haproxy.bundle(), 0o600)
    lab.server.write(haproxy.CONFIG, haproxy.SITE.replace("127.0.0.1:3000", "127.0.0.1:8080"))
    haproxy.start(lab)


@apache_scenario(
    outside="http.redirect-loop",
    server="server.redirect-behind-terminator",
    manual="the pages of this site come from a folder: it has no WebSocket",
)
def apache_htaccess_redirects_behind_haproxy(lab: Lab) -> None:
    """http://www.erikmattheis.com/2016/09/02/forcing-https-in-htaccess-in-an-elastic-beanstalk-app/:
    the .htaccess asks for the port, and a balancer ends TLS."""
    behind_haproxy(lab, "RewriteCond %{SERVER_PORT} !^443$")


@healthy_apache()
def apache_htaccess_asks_for_the_header_behind_haproxy(lab: Lab) -> None:
    """The condition of the answer there."""
    behind_haproxy(lab, "RewriteCond %{HTTP:X-Forwarded-Proto} !https")


# The PROXY protocol of HAProxy, which mod_remoteip reads


def _with_remoteip(lab: Lab, words: str) -> None:
    inner = INNER.replace("    ServerName", "    RemoteIPProxyProtocol On\n    ServerName", 1)
    apache.install(lab, inner)
    apache.enable(lab, "remoteip")
    lab.server.sh("mv /usr/sbin/haproxy.away /usr/sbin/haproxy; mkdir -p /run/haproxy")
    lab.undo(lambda: lab.server.sh("mv /usr/sbin/haproxy /usr/sbin/haproxy.away"))
    lab.server.write(apache.PORTS, "Listen 127.0.0.1:8080\n")
    lab.server.write("/var/www/html/index.html", "<!doctype html><title>Shop</title><p>Shop\n")
    apache.start(lab, 8080)
    lab.server.write(haproxy.PEM, haproxy.bundle(), 0o600)
    text = haproxy.SITE.replace("127.0.0.1:3000", f"127.0.0.1:8080{words}")
    lab.server.write(haproxy.CONFIG, text)
    haproxy.start(lab)


@apache_scenario(
    outside="http.server-error",
    server="server.haproxy-proxy-protocol",
    manual="the page has no WebSocket",
)
def apache_behind_haproxy_waits_for_the_proxy_header(lab: Lab) -> None:
    """`RemoteIPProxyProtocol On`, and no "send-proxy": Apache closes the connection."""
    _with_remoteip(lab, "")


@healthy_apache()
def apache_behind_haproxy_gets_the_proxy_header(lab: Lab) -> None:
    _with_remoteip(lab, " send-proxy")


# An upload that is larger than Apache's own limit

PAGE = "https://shop.example.com/"
TOO_LARGE = "413 Request Entity Too Large"


def upload_to_a_program(lab: Lab, limit: str, times: int = 1, referer: str = PAGE) -> None:
    """A CGI script stands for PHP: requests that are passed on by http:// are not counted."""
    lines = f"ScriptAlias /library /usr/lib/cgi-bin/library\n{limit}"
    script = "#!/bin/sh\ncat >/dev/null\nprintf 'Content-Type: text/html\\n\\n<p>Library\\n'\n"
    lab.server.write("/usr/lib/cgi-bin/library", script, 0o755)
    lab.server.write("/var/www/html/index.html", "<!doctype html><title>Shop</title><p>Shop\n")
    apache.install(lab, site_with(lines))
    apache.enable(lab, "cgid")
    apache.start(lab)
    lab.client.sh("head -c 3000000 /dev/zero > /run/upload")
    for _ in range(times):
        _browser(lab, "/library", "-e", referer, "-F", "file=@/run/upload")


@apache_scenario(
    outside=None,
    server="server.apache-body-limit",
    args=(TOO_LARGE,),
    manual="how much visitors may send, its owner decides",
)
def apache_limits_the_body_of_an_upload(lab: Lab) -> None:
    """https://github.com/xibosignage/xibo/issues/2873: LimitRequestBody."""
    upload_to_a_program(lab, "LimitRequestBody 1048576")


@apache_scenario(
    outside=None,
    server="server.apache-body-limit",
    args=(TOO_LARGE,),
    manual="how much visitors may send, its owner decides",
)
def apache_has_a_limit_of_its_own(lab: Lab) -> None:
    """https://github.com/nextcloud/server/issues/34297: 1 GiB where nothing is written. The size is
    announced, and Apache refuses it at once."""
    upload_to_a_program(lab, "")
    size = ("-H", "Content-Length: 1181116006", "-H", "Expect:", "-d", "x")
    _browser(lab, "/library", "-e", "https://shop.example.com/", "--http1.1", *size)


@apache_scenario(
    outside=None,
    server="server.apache-body-limit",
    manual="how much visitors may send, its owner decides",
)
def apache_limits_the_body_of_uploads_of_a_page(lab: Lab) -> None:
    """Nobody names the message."""
    upload_to_a_program(lab, "LimitRequestBody 1048576", times=2)


@apache_scenario(
    outside=None,
    server="server.apache-body-limit",
    target=f"{PAGE}library",
    args=(TOO_LARGE,),
    manual="how much visitors may send, its owner decides",
)
def apache_limits_the_body_by_words(lab: Lab) -> None:
    """Nothing is in the log."""
    upload_to_a_program(lab, "LimitRequestBody 1048576", times=0)


@healthy_apache(target=f"{PAGE}library", args=(TOO_LARGE,))
def apache_limits_the_body_elsewhere(lab: Lab) -> None:
    limit = "<Location /comments>\nLimitRequestBody 1048576\n</Location>"
    upload_to_a_program(lab, limit, times=0)


@healthy_apache()
def apache_limits_the_body_of_a_scripts_uploads(lab: Lab) -> None:
    """A program without a page sends the same."""
    upload_to_a_program(lab, "LimitRequestBody 1048576", times=2, referer="")


@healthy_apache()
def apache_limits_no_body(lab: Lab) -> None:
    upload_to_a_program(lab, "LimitRequestBody 0")


# The site's own address in the place of the application's

ITSELF = "ProxyPass / http://shop.example.com/\nProxyPassReverse / http://shop.example.com/\n"


@apache_scenario(
    outside="http.redirect-loop",
    server="server.proxied-to-itself",
    manual="the site passes no WebSocket on, for which the laboratory asks",
)
def apache_passes_the_page_to_its_own_name(lab: Lab) -> None:
    """The redirect of port 80 answers."""
    apache.serve(lab, site_with(ITSELF))
