"""Threads whose cause is told, in Chinese and in English: each has its source, and a healthy twin
where it is not obvious."""

from .. import apache, certificates, haproxy, site
from ..apache import HTTP
from ..lab import HERE, ROUTER, SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import EDGE, MAIN, OTHER, other_machine
from .apache import apache_scenario, healthy_apache
from .apache_log import FILES_ONLY
from .haproxy import haproxy_scenario, healthy_haproxy

MINE = (site.CONF,)
PIC = f"https://{site.NAME}/pic/"
ORDERS = f"https://{site.NAME}/api/orders"
PREFLIGHT = f"OPTIONS {ORDERS} 405 (Method Not Allowed)"
OTHER_PORT = f"http://{site.NAME}:8880/"
EXPRESSIONS = (
    "  location ~ .*\\.(gif|jpg|jpeg|png|bmp|swf)$ { expires 30d; }\n"
    "  location ~ .*\\.(js|css)?$ { expires 12h; }\n"
)


def _serve_pictures(lab: Lab, modifier: str) -> None:
    """An application below /pic/, and a panel's rules for files of all kinds."""
    folder, blog = "/www/wwwroot/dist", "/www/wwwroot/_site"
    page = '<!doctype html><link rel=stylesheet href="/pic/assets/index.css"><p>It works.</p>\n'
    lab.server.write(f"{folder}/index.html", page)
    lab.server.write(f"{folder}/assets/index.css", "p { color: red }\n")
    lab.server.write(f"{blog}/index.html", "<p>A blog.</p>\n")
    prefix = f"{modifier}/pic/"
    alias = f"alias {folder}/; index index.html; try_files $uri $uri/ /index.html;"
    lines = f"  root {blog};\n  location {prefix} {{ {alias} }}\n{EXPRESSIONS}"
    lab.change("  ssl_session_timeout 5m;\n", f"  ssl_session_timeout 5m;\n{lines}")


@scenario(
    outside="http.page-file-missing", server="nginx.page-file-not-found", target=PIC,
    manual="a person knows which of the rules shall count below the prefix too",
)  # fmt: skip
def style_sheet_taken_by_an_expression(lab: Lab) -> None:
    """A panel's rule for css and js gets what is below /pic/, after the post of 5 September 2025
    of abining.fun."""
    _serve_pictures(lab, "")


@healthy(target=PIC)
def prefix_before_the_expressions(lab: Lab) -> None:
    """The same with ^~."""
    _serve_pictures(lab, "^~ ")


def _serve_orders(lab: Lab, lines: str) -> None:
    argv = lab.server.python(str(HERE / "applications" / "asked_server.py"), "no-options", "3001")
    lab.spawn(lab.server, argv, 3001)
    passed = f"  location /api/ {{\n{lines}    proxy_pass http://127.0.0.1:3001;\n  }}\n\n"
    lab.change("  location / {\n    proxy_pass", f"{passed}  location / {{\n    proxy_pass")


@scenario(
    outside="http.cors-refused", target=ORDERS, args=(PREFLIGHT,),
    manual="which origins are allowed, a person knows",
)  # fmt: skip
def preflight_that_the_application_does_not_know(lab: Lab) -> None:
    """ "OPTIONS … 405" of a browser's console is pasted, after issue 126 of
    Dream4ever/Knowledge-Base: the page itself answers."""
    _serve_orders(lab, "")


@healthy(target=ORDERS, args=(PREFLIGHT,))
def preflight_that_nginx_answers(lab: Lab) -> None:
    """The same message, and nginx answers OPTIONS itself since."""
    _serve_orders(lab, "    if ($request_method = OPTIONS) { return 204; }\n")


_ALLOW = "add_header Access-Control-Allow-"
ANY_SITE = "CORS 设置不生效:通过 XHR 跨域请求，需要携带 cookie (credentials true)"


def _allows(lab: Lab, origin: str) -> None:
    lines = f"    {_ALLOW}Origin '{origin}' always;\n    {_ALLOW}Credentials true always;\n"
    _serve_orders(lab, lines)


@scenario(
    outside="http.cors-refused", target=ORDERS, args=(ANY_SITE,),
    manual="which origins are allowed, a person knows",
)  # fmt: skip
def every_site_is_allowed_with_cookies(lab: Lab) -> None:
    """The most copied lines: no browser takes "*" for a request with cookies. After issue 92 of
    lanlin/notes."""
    _allows(lab, "*")


@healthy(target=ORDERS, args=(ANY_SITE,))
def named_site_is_allowed_with_cookies(lab: Lab) -> None:
    _allows(lab, "https://app.example.org")


_BLOCKED = (
    f"Access to fetch at '{ORDERS}' from origin 'https://app.example.org' has been blocked by CORS"
    " policy: Method PUT is not allowed by Access-Control-Allow-Methods in preflight response."
)


def _nginx_permits(lab: Lab, methods: str) -> None:
    """nginx answers preflights itself, with these methods."""
    origin = f"      {_ALLOW}Origin https://app.example.org always;\n"
    listed = f"      {_ALLOW}Methods '{methods}' always;\n"
    _serve_orders(
        lab, f"    if ($request_method = OPTIONS) {{\n{origin}{listed}      return 204;\n    }}\n"
    )


@scenario(outside="http.cors-refused", target=ORDERS, args=(_BLOCKED,), differs=MINE)
def preflight_whose_method_nginx_does_not_list(lab: Lab) -> None:
    """The list of nginx's answer lacks PUT: the line gets it."""
    _nginx_permits(lab, "GET, POST")


@healthy(target=ORDERS, args=(_BLOCKED,))
def preflight_whose_method_nginx_lists(lab: Lab) -> None:
    _nginx_permits(lab, "GET, POST, PUT")


@scenario(outside="http.plain-to-tls-port", target=OTHER_PORT, differs=MINE)
def http_to_a_port_that_is_meant_for_tls(lab: Lab) -> None:
    """Visitors write http:// with the port of https, after article 49 of ixleo.com."""
    for words in ([], ["--permanent"]):
        lab.server.run(["firewall-cmd", *words, "--zone=public", "--add-port=8880/tcp"], check=True)
    lab.change("  listen 443 ssl;\n", "  listen 443 ssl;\n  listen 8880 ssl;\n")


SESSION = "the session is lost: the secure cookie is not set behind nginx"
ACCOUNT = f"https://{site.NAME}/account"


def _serve_account(lab: Lab, lines: str) -> None:
    argv = lab.server.python(str(HERE / "applications" / "asked_server.py"), "session", "3001")
    lab.spawn(lab.server, argv, 3001)
    passed = f"    proxy_pass http://127.0.0.1:3001;\n    proxy_set_header Host $host;\n{lines}"
    location = f"  location /account {{\n{passed}  }}\n\n"
    lab.change("  location / {\n    proxy_pass", f"{location}  location / {{\n    proxy_pass")


@scenario(
    outside=None, server="upstream.scheme-not-passed", target=ACCOUNT, args=(SESSION,),
    differs=MINE,
)  # fmt: skip
def secure_cookie_that_the_application_keeps_back(lab: Lab) -> None:
    """express-session with `cookie.secure`, and nginx does not say https, after the post of
    webb.page."""
    _serve_account(lab, "")


@healthy(target=ACCOUNT, args=(SESSION,))
def secure_cookie_with_the_scheme(lab: Lab) -> None:
    """The same with X-Forwarded-Proto."""
    _serve_account(lab, "    proxy_set_header X-Forwarded-Proto $scheme;\n")


SEARCH = f"https://{site.NAME}/search"
SEARCH_HOST = "www.search.example.com"


def _pass_on_to_another_site(lab: Lab, lines: str) -> None:
    """Another site on the machine of the router, whose http leads to its https."""
    folder, issued = "/run/lab/search", certificates.leaf(SEARCH_HOST)
    lab.router.sh(f"mkdir -p {folder}")
    lab.router.write(f"{folder}/search.pem", issued.chain)
    lab.router.write(f"{folder}/search.key", issued.key_pem, 0o600)
    at = ROUTER[1]
    servers = (
        f"server {{ listen {at}:80; return 301 https://$host$request_uri; }}\n"
        f"server {{ listen {at}:443 ssl; ssl_certificate {folder}/search.pem;"
        f" ssl_certificate_key {folder}/search.key; location / {{ return 200 'It works.'; }} }}\n"
    )
    lab.router.write(f"{folder}/nginx.conf", MAIN.format(folder=folder, servers=servers))
    argv = ["nginx", "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
    lab.spawn(lab.router, [*argv, "-g", "daemon off;"], 443)
    for host in (lab.server, lab.client):
        host.write("/etc/hosts", host.read("/etc/hosts") + f"{at} {SEARCH_HOST}\n")
    location = f"  location /search {{\n{lines}  }}\n\n"
    lab.change("  location / {\n    proxy_pass", f"{location}  location / {{\n    proxy_pass")


@scenario(outside=None, server="upstream.redirects-to-its-name", target=SEARCH, differs=MINE)
def site_behind_redirects_to_its_own_https(lab: Lab) -> None:
    """The browser's address changes to that of the site behind, after article 45d1babebbd4 of
    besthub.dev."""
    _pass_on_to_another_site(lab, f"    proxy_pass http://{SEARCH_HOST}/;\n")


@healthy(target=SEARCH)
def site_behind_is_asked_over_https(lab: Lab) -> None:
    """The same with https and the name in the handshake."""
    lines = f"    proxy_pass https://{SEARCH_HOST}/;\n    proxy_ssl_server_name on;\n"
    _pass_on_to_another_site(lab, lines)


OLD_WORDS = "        Order allow,deny\n        Allow from all\n"


def _serve_opt(lab: Lab, words: str) -> None:
    section = f"    <Directory /opt/shop>\n{words}    </Directory>\n</VirtualHost>"
    text = FILES_ONLY.replace("/var/www/html", "/opt/shop").replace("</VirtualHost>", section)
    apache.install(lab, f"{text}\n{HTTP}")
    lab.server.write("/opt/shop/index.html", "<p>It works.</p>\n")
    apache.start(lab)


@apache_scenario(
    outside=None, server="server.access-not-granted", manual="no application runs at /ws"
)
def apache_opens_a_folder_in_old_words(lab: Lab) -> None:
    """`Allow from all` beside an inherited `Require all denied`, after article 00027394 of
    kouhan.cn."""
    _serve_opt(lab, OLD_WORDS)


@healthy_apache()
def apache_has_old_words_beside_the_new(lab: Lab) -> None:
    """The same with `Require all granted`."""
    _serve_opt(lab, f"{OLD_WORDS}        Require all granted\n")


_REDIRECT = """\
<VirtualHost *:80>
    ServerName shop.example.com
    DocumentRoot /var/www/html
    RewriteEngine On
    RewriteCond %{{HTTPS}} !=on
    RewriteCond %{{HTTP:{field}}} !https
    RewriteRule ^ https://%{{HTTP_HOST}}%{{REQUEST_URI}} [L,R=301]
</VirtualHost>
"""


def _behind_a_balancer(lab: Lab, field: str) -> None:
    to = f"proxy_pass http://{SERVER}; proxy_set_header Host $host;"
    other_machine(lab, f"{to} proxy_set_header X-Forwarded-Proto $scheme;")
    lab.dns([OTHER])
    lab.server.write("/var/www/html/index.html", "<p>It works.</p>\n")
    apache.serve(lab, _REDIRECT.format(field=field), 80)


@apache_scenario(outside="http.redirect-loop", server="http.flexible-tls", manual=EDGE)
def apache_asks_for_a_field_of_another_name(lab: Lab) -> None:
    """The balancer ends TLS, and the condition reads http_x_forwarded_proto, after page 129912d10c
    of serverdevworker.com."""
    _behind_a_balancer(lab, "http_x_forwarded_proto")


def _haproxy_behind_a_balancer(lab: Lab, condition: str) -> None:
    to = f"proxy_pass http://{SERVER}; proxy_set_header Host $host;"
    other_machine(lab, f"{to} proxy_set_header X-Forwarded-Proto $scheme;")
    lab.dns([OTHER])
    lines = f"    http-request redirect scheme https code 301 if {condition}\n"
    lines += f"    use_backend app if {{ hdr(host) -i {site.NAME} }}\n"
    frontend = f"frontend plain\n    bind :80\n{lines}\n"
    haproxy.serve(lab, f"{haproxy.GLOBAL}\n{frontend}{haproxy.BACKEND}", 80)


@haproxy_scenario(outside="http.redirect-loop", server="http.flexible-tls", manual=EDGE)
def haproxy_redirects_what_the_balancer_got_over_https(lab: Lab) -> None:
    """The name leads to a balancer elsewhere, and HAProxy has only port 80."""
    _haproxy_behind_a_balancer(lab, "!{ ssl_fc }")


@healthy_haproxy()
def haproxy_heeds_the_field_of_the_balancer(lab: Lab) -> None:
    _haproxy_behind_a_balancer(lab, "!{ ssl_fc } !{ hdr(X-Forwarded-Proto) -i https }")


@healthy_apache()
def apache_asks_for_the_field_of_the_balancer(lab: Lab) -> None:
    """The same with X-Forwarded-Proto."""
    _behind_a_balancer(lab, "X-Forwarded-Proto")


_TCP = """\
global
    maxconn 4000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1m
    timeout server 1m
frontend plain
    bind :80
    mode http
    http-request redirect scheme https code 301
frontend tls
    bind :443
    tcp-request inspect-delay 5s
{rules}    use_backend %[var(sess.backend)] if {{ var(sess.backend) -m found }}
    default_backend other
backend shop
    server s 127.0.0.1:8443
backend other
    server o 127.0.0.1:9443
"""
_SET = "    tcp-request content set-var(sess.backend) req.ssl_sni,lower,map(/etc/haproxy/tls.map)\n"
_ACCEPT = "    tcp-request content accept if { req.ssl_hello_type 1 }\n"


def _pass_tls_on(lab: Lab, rules: str) -> None:
    other = certificates.leaf("other.example.com")
    lab.server.write("/etc/nginx/ssl/other.example.com.pem", other.chain)
    lab.server.write("/etc/nginx/ssl/other.example.com.key", other.key_pem, 0o600)
    lab.server.write("/etc/haproxy/tls.map", f"{site.NAME} shop\nother.example.com other\n")
    text = site.HTTPS.replace("listen 443", "listen 127.0.0.1:8443")
    another = text.replace(":8443", ":9443").replace(site.NAME, "other.example.com")
    lab.server.write(site.CONF, f"{site.MAP}\n{text}\n{another}")
    lab.restart_nginx()
    haproxy.serve(lab, _TCP.format(rules=rules), 80, 443, keep_nginx=True)


@haproxy_scenario(
    outside="certificate.name-mismatch", manual="a person sees which rule chooses the backend"
)
def haproxy_accepts_before_it_reads_the_name(lab: Lab) -> None:
    """The rules behind `accept` do not count, so the default backend gets every name, after issue
    341 of jcmoraisjr/haproxy-ingress."""
    _pass_tls_on(lab, _ACCEPT + _SET)


@healthy_haproxy()
def haproxy_reads_the_name_before_it_accepts(lab: Lab) -> None:
    """The same rules in the right order."""
    _pass_tls_on(lab, _SET + _ACCEPT)
