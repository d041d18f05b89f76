"""The reason stands in the application's own log, or in one part of the request, or the page is a
hop's: after threads. The stand-ins answer as the real programs do (applications/reasons_server.py).
"""

from .. import apache, caddy, certificates, haproxy, site
from ..apache import HTTPS
from ..caddy import SHOP
from ..haproxy import SITE
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .apache_log import serve_folder
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

MEND = "a person mends the application"
PORT = "127.0.0.1:3001"
LOG = "/srv/app/app.log"
PEM, KEY = "/etc/ssl/lab/inner.pem", "/etc/ssl/lab/inner.key"


def application(lab: Lab, mode: str) -> None:
    """It runs as `nohup` leaves it, with its log beside it."""
    program = str(HERE / "applications" / "reasons_server.py")
    words = " ".join(lab.server.python(program, mode))
    lab.server.sh("mkdir -p /srv/app")
    run = f"cd /srv/app; exec {words} >>{LOG} 2>&1"
    lab.spawn(lab.server, ["sh", "-c", run], 3001)


def behind_nginx(lab: Lab, mode: str) -> None:
    application(lab, mode)
    lab.change("127.0.0.1:3000", PORT)


def behind_caddy(lab: Lab, mode: str, at: str = PORT) -> None:
    application(lab, mode)
    caddy.serve(lab, SHOP.replace("127.0.0.1:3000", at))


@scenario(outside="http.server-error", server="upstream.application-log", manual=MEND)
def application_whose_database_is_down(lab: Lab) -> None:
    """Django's "Server Error (500)": OperationalError is in its log alone."""
    behind_nginx(lab, "database")


@scenario(outside="http.server-error", server="upstream.application-log", manual=MEND)
def application_that_takes_https_for_plain_http(lab: Lab) -> None:
    """https://github.com/pillarjs/cookies/issues/117: Koa without `app.proxy` may set no cookie for
    https, whatever nginx tells it."""
    behind_nginx(lab, "cookie")


@healthy()
def application_that_trusts_the_proxy(lab: Lab) -> None:
    """With `app.proxy`: nginx tells it of https, and it answers."""
    behind_nginx(lab, "page")


@scenario(
    outside="websocket.not-upgraded",
    server="upstream.application-log",
    args=("--ws", "/ws"),
    manual=MEND,
)
def application_without_a_websocket_library(lab: Lab) -> None:
    """Issue 2209 of fastapi/fastapi and issue 42 of vastsa/FileCodeBox: 404, and "Unsupported
    upgrade request" in uvicorn's log."""
    behind_nginx(lab, "library")


@scenario(outside="websocket.origin-refused", args=("--ws", "/ws"), manual=MEND)
def application_that_refuses_the_origin_and_says_so(lab: Lab) -> None:
    """Issue 36929 of grafana/grafana, pull request 1369 of octobox/octobox and many about Phoenix:
    the log says of the Origin what the answer does not. It is one fault and not two."""
    behind_nginx(lab, "origin")


@healthy(args=("--ws", "/ws"))
def application_that_knows_the_origin(lab: Lab) -> None:
    """The same program with the site's own name in its settings."""
    behind_nginx(lab, "origin-known")


@healthy()
def application_that_has_no_page_and_says_so(lab: Lab) -> None:
    """Django logs "Not Found: /" for an interface without a root."""
    behind_nginx(lab, "not-found")


@healthy()
def application_for_members_that_says_so(lab: Lab) -> None:
    """Django logs "Forbidden: /", which repeats the status."""
    behind_nginx(lab, "members")


@caddy_scenario(outside="http.server-error", server="upstream.application-log", manual=MEND)
def caddy_application_has_no_space_left(lab: Lab) -> None:
    """After many threads about ENOSPC: the sessions cannot be written."""
    behind_caddy(lab, "disk")


@caddy_scenario(outside=None, server="server.request-refused", manual=MEND)
def caddy_is_no_trusted_proxy(lab: Lab) -> None:
    """Issue 838 of tobychui/zoraxy and pull request 51839 of home-assistant/core: 400 for
    X-Forwarded-For of a proxy that is not trusted."""
    behind_caddy(lab, "no-proxy")


@caddy_scenario(outside=None, server="server.request-refused", manual=MEND)
def caddy_application_knows_another_name(lab: Lab) -> None:
    """After threads about reverse_proxy to a virtual host without header_up Host."""
    lab.server.sh("echo '127.0.0.1 app.internal' >>/etc/hosts")
    behind_caddy(lab, "own-name", "app.internal:3001")


@haproxy_scenario(
    outside=None, server="server.request-refused", args=("--method", "POST"), manual=MEND
)
def haproxy_form_without_the_scheme(lab: Lab) -> None:
    """After threads about "CSRF verification failed" behind HAProxy: no X-Forwarded-Proto."""
    application(lab, "form")
    line = "    http-request set-header X-Forwarded-Proto https\n"
    haproxy.serve(lab, SITE.replace(line, "").replace("127.0.0.1:3000", PORT))


@caddy_scenario(outside="http.server-error", server="server.application-silent", manual=MEND)
def caddy_waits_for_its_application(lab: Lab) -> None:
    """After threads about requests that hang behind Caddy, which has no limit of time."""
    behind_caddy(lab, "hang")


@apache_scenario(
    outside=None,
    server="server.page-missing",
    target=f"https://{site.NAME}/about",
    manual="the site has no application here, and so no WebSocket",
)
def apache_rules_without_their_module(lab: Lab) -> None:
    """After questions about WordPress's permalinks: a2enmod rewrite was forgotten, and <IfModule>
    hides it."""
    rules = "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /index.html [L]\n"
    text = f"<IfModule mod_rewrite.c>\n{rules}</IfModule>\n"
    lab.server.sh("rm -f /var/log/apache2/error.log")
    serve_folder(lab, "/var/www/html", "Require all granted", text)
    apache.disable(lab, "rewrite")
    lab.server.run(["apachectl", "graceful-stop"], check=True)
    apache.start(lab)


@scenario(outside="http.not-the-site", manual="frpc runs elsewhere")
def tunnel_is_not_connected(lab: Lab) -> None:
    """Issue 56 of gofrp/frp-doc: "The page you requested was not found", and frpc is down."""
    behind_nginx(lab, "frp")


@scenario(outside="http.not-the-site", manual="a person deploys the site")
def default_page_of_a_package(lab: Lab) -> None:
    """After many threads about "Apache2 Debian Default Page" in the place of the site."""
    behind_nginx(lab, "default-page")


@scenario(outside="http.not-the-site", differs=(site.CONF,))
def block_of_the_site_has_no_page(lab: Lab) -> None:
    """The locations were deleted: the name and the certificate are there, the program runs, and
    nginx shows its own folder."""
    lab.change(site.HTTPS[site.HTTPS.index("  location / {") : -2], "")


@haproxy_scenario(outside="http.misdirected", differs=(haproxy.CONFIG,))
def haproxy_sends_no_name_to_apache(lab: Lab) -> None:
    """Issues 3081 and 3133 of haproxy/haproxy: Apache since 2.4.64 answers 421 to a proxy without
    SNI."""
    haproxy_before_apache(lab, "ssl verify none")


@healthy_haproxy()
def haproxy_sends_the_name_to_apache(lab: Lab) -> None:
    haproxy_before_apache(lab, "ssl verify none sni req.hdr(host)")


def haproxy_before_apache(lab: Lab, words: str) -> None:
    """HAProxy connects with TLS, and these words, to an Apache with two sites."""
    haproxy.install(lab, SITE.replace("127.0.0.1:3000", f"127.0.0.1:8443 {words}"))
    _two_sites_of_apache(lab)
    haproxy.start(lab)


@caddy_scenario(outside="http.misdirected", differs=(caddy.CONFIG,))
def caddy_sends_no_name_to_apache(lab: Lab) -> None:
    """Issue 7134 of caddyserver/caddy: `reverse_proxy https://127.0.0.1` names no site in TLS."""
    _caddy_before_apache(lab, "")


@healthy_caddy()
def caddy_sends_the_name_to_apache(lab: Lab) -> None:
    _caddy_before_apache(lab, f"\n\t\t\ttls_server_name {site.NAME}")


def _caddy_before_apache(lab: Lab, line: str) -> None:
    proxy = (
        "https://127.0.0.1:8443 {\n\t\ttransport http {\n\t\t\ttls_insecure_skip_verify"
        f"{line}\n\t\t}}\n\t}}"
    )
    caddy.install(lab, SHOP.replace("127.0.0.1:3000", proxy))
    _two_sites_of_apache(lab)
    caddy.start(lab)


def _two_sites_of_apache(lab: Lab) -> None:
    other, server = certificates.leaf("other.example.com"), lab.server
    server.sh("cp /usr/sbin/apache2.away /usr/sbin/apache2")
    lab.undo(lambda: server.sh("rm -f /usr/sbin/apache2"))
    server.write(PEM, certificates.good().chain)
    server.write(KEY, certificates.good().key_pem, 0o600)
    server.write("/etc/ssl/lab/other.pem", other.chain)
    server.write("/etc/ssl/lab/other.key", other.key_pem, 0o600)
    own = HTTPS.replace("*:443", "*:8443").replace(apache.PEM, PEM).replace(apache.KEY, KEY)
    old = "    SSLProtocol TLSv1.2\n    SSLCipherSuite ECDHE-ECDSA-AES128-GCM-SHA256"
    first = own.replace(site.NAME, "other.example.com").replace(
        apache.PEM, "/etc/ssl/lab/other.pem"
    )
    first = first.replace(apache.KEY, "/etc/ssl/lab/other.key")
    second = own.replace("    SSLEngine on", f"    SSLEngine on\n{old}")
    server.sh("rm -f /etc/apache2/sites-enabled/*; mkdir -p /var/log/apache2")
    server.write(apache.SITE, f"{first}\n{second}")
    server.write(apache.PORTS, "Listen 127.0.0.1:8443\n")
    apache.enable(lab, *apache.MODULES)
    server.sh("a2ensite -q shop")
    apache.start(lab, 8443)


@scenario(
    outside="tcp.port-not-proxied",
    target=f"https://{site.NAME}:3000/",
    manual="a person chooses another port",
)
def port_that_cloudflare_does_not_take(lab: Lab) -> None:
    """After many threads about WebSockets on port 3000 of a proxied name."""
    drop = "ip daddr 104.16.1.1 tcp dport 3000 drop"
    lab.dns(["104.16.1.1"])
    lab.router.sh(f"""
        ip addr add 104.16.1.1/32 dev lo
        nft 'add table inet edge; add chain inet edge in {{ type filter hook input priority 0; }}'
        nft add rule inet edge in {drop}
    """)
    lab.undo(lambda: lab.router.sh("nft delete table inet edge; ip addr del 104.16.1.1/32 dev lo"))


def _with_address(lab: Lab, url: str) -> None:
    lab.server.sh("mkdir -p /srv/app")
    lab.server.write("/srv/app/config.json", f'{{\n  "url": "{url}"\n}}\n')
    behind_nginx(lab, "login")


@scenario(outside="http.login-return-address", manual=MEND)
def application_whose_own_address_is_localhost(lab: Lab) -> None:
    """NodeBB's `url` in config.json is that of its installation: every login elsewhere leads back
    to the visitor's own machine."""
    _with_address(lab, "http://localhost:4567")


@healthy()
def application_whose_own_address_is_right(lab: Lab) -> None:
    _with_address(lab, f"https://{site.NAME}")


@scenario(outside="http.not-the-site", manual="a person deploys the site")
def default_page_whose_picture_is_not_there(lab: Lab) -> None:
    """certbot's lines stand in the block of Debian's default site. That the page's picture is
    missing (/icons is a folder of Apache's) is no fault of the site."""
    page = "<!doctype html><title>Apache2 Debian Default Page: It works</title>"
    logo = '<img src="/icons/openlogo-75.png"><p>This is the default welcome page.</p>'
    lab.server.write("/srv/default/index.html", f"{page}{logo}\n")
    lab.server.sh("chmod -R a+rX /srv/default")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/default"))
    files = "  root /srv/default;\n  location / { try_files $uri $uri/ =404; }\n\n"
    lab.change(site.HTTPS[site.HTTPS.index("  location / {") : -2], files)
