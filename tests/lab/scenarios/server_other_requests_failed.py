"""The page is answered, and other requests of visitors fail: only the log of Apache, Caddy or
HAProxy has them.

After https://github.com/faloker/purify/issues/10 (the page comes, /api/auth gets 502), with other
web servers in front.
"""

import time

from .. import apache, caddy, haproxy, site
from ..hosts import until
from ..lab import HERE, Lab
from .apache import SITE, apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .nginx_body_timeout import BLOB, stall
from .nginx_other_requests_failed import TEST, visit

APACHE_LOG = "/var/log/apache2/shop-access.log"
CADDY_LOG = "/var/log/caddy-shop.log"
HAPROXY_LOG = "/var/log/haproxy.log"
#: A server of syslog: what comes at the port is written to the file, as rsyslog's rule for HAProxy
#: does (Debian, /etc/rsyslog.d/49-haproxy.conf).
SYSLOG = f"""\
import socket
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 514))
open("/run/syslog-ready", "w").close()
while True:
    line = receiver.recv(65536).decode().partition(">")[2].rstrip("\\n")
    with open("{HAPROXY_LOG}", "a") as log:
        log.write(line + "\\n")
"""
START = "the application is started by hand"


def serve_apache(lab: Lab, rules: str) -> None:
    """Apache with a log of the site's own, which is empty, and rules before the pages'."""
    lab.server.sh(f"rm -f {APACHE_LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {APACHE_LOG}"))
    inserted = f"    CustomLog {APACHE_LOG} combined\n{rules}\n    ProxyPass / "
    apache.serve(lab, apache.HTTPS.replace("    ProxyPass / ", inserted) + apache.HTTP)


def serve_caddy(lab: Lab, rules: str) -> None:
    lab.server.sh(f"rm -f {CADDY_LOG}")
    lab.undo(lambda: lab.server.sh(f"rm -f {CADDY_LOG}"))
    inserted = (
        f"\tlog {{\n\t\toutput file {CADDY_LOG}\n\t}}\n{rules}\n\treverse_proxy 127.0.0.1:3000"
    )
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy 127.0.0.1:3000", inserted))


DEFAULT = "    default_backend app\n"
TUNNEL = "    timeout tunnel 1h\n"


def serve_haproxy(
    lab: Lab,
    rules: str,
    defaults: str = "",
    tunnel: str = TUNNEL,
    sections: str = "",
    rest: str = DEFAULT,
) -> None:
    """HAProxy with a log by syslog, which is empty, another backend for what the rules say, lines
    at the end of its defaults, and further sections. `rest` is for what no rule takes."""
    lab.server.sh(f"rm -f {HAPROXY_LOG} /run/syslog-ready")
    lab.undo(lambda: lab.server.sh(f"rm -f {HAPROXY_LOG} /run/syslog-ready"))
    ready = lab.server.path("/run/syslog-ready")
    lab.spawn(lab.server, lab.server.python("-c", SYSLOG), ready.exists)
    text = haproxy.SITE.replace("global\n", "global\n    log 127.0.0.1:514 local0\n", 1)
    text = text.replace("    log global\n", "    log global\n    option httplog\n")
    text = text.replace(DEFAULT, f"{rules}{rest}")
    text = text.replace(TUNNEL, f"{tunnel}{defaults}")
    haproxy.serve(lab, f"{text}\nbackend other\n    server other1 127.0.0.1:3009\n{sections}")


def run_application(lab: Lab, *options: str) -> None:
    argv = lab.server.python(str(HERE / "application.py"), "--port", "3009", *options)
    lab.spawn(lab.server, argv, 3009)


@apache_scenario(outside=None, server="server.application-down", manual=START)
def interface_behind_apache_is_down(lab: Lab) -> None:
    """The page comes, and its scripts get 503 from /api/."""
    serve_apache(lab, "    ProxyPass /api/ http://127.0.0.1:3009/\n")
    visit(lab, "/api/items?page=2")


@apache_scenario(outside=None, server="server.other-requests-failed", manual=TEST)
def form_behind_apache_fails(lab: Lab) -> None:
    """Three visitors got 500 for a form."""
    run_application(lab, "--mode", "error")
    serve_apache(lab, "    ProxyPass /order http://127.0.0.1:3009/order\n")
    for _ in range(3):
        visit(lab, "/order", "-d", "item=7", referer="")


@caddy_scenario(outside=None, server="server.application-down", manual=START)
def interface_behind_caddy_is_down(lab: Lab) -> None:
    """The page comes, and its scripts get 502 from /api/."""
    serve_caddy(lab, "\treverse_proxy /api/* 127.0.0.1:3009\n")
    visit(lab, "/api/items?page=2")


@caddy_scenario(outside=None, server="server.other-requests-failed", manual=TEST)
def form_behind_caddy_fails(lab: Lab) -> None:
    """Three visitors got 500 for a form."""
    run_application(lab, "--mode", "error")
    serve_caddy(lab, "\treverse_proxy /order 127.0.0.1:3009\n")
    for _ in range(3):
        visit(lab, "/order", "-d", "item=7", referer="")


@haproxy_scenario(outside=None, server="server.application-down", manual=START)
def interface_behind_haproxy_is_down(lab: Lab) -> None:
    """The page comes, and its scripts get 503 from /api/."""
    serve_haproxy(lab, "    use_backend other if { path_beg /api/ }\n")
    visit(lab, "/api/items?page=2")


@haproxy_scenario(outside=None, server="server.other-requests-failed", manual=TEST)
def form_behind_haproxy_fails(lab: Lab) -> None:
    """Three visitors got 500 for a form."""
    run_application(lab, "--mode", "error")
    serve_haproxy(lab, "    use_backend other if { path_beg /order }\n")
    for _ in range(3):
        visit(lab, "/order", "-d", "item=7", referer="")
    # HAProxy logs no User-Agent: a run over SSH cannot tell requests of its own second, and
    # knows the second in which it began to one.
    sent = int(time.time())
    until(lambda: time.time() >= sent + 2, "a later second")


@healthy_haproxy()
def interface_behind_haproxy_is_well_again(lab: Lab) -> None:
    """A visitor got 503 before the application was started."""
    serve_haproxy(lab, "    use_backend other if { path_beg /api/ }\n")
    visit(lab, "/api/")
    run_application(lab)


@healthy_haproxy()
def haproxy_visitors_that_look_for_weak_sites(lab: Lab) -> None:
    """A rule refuses them, and the application has no such path."""
    serve_haproxy(lab, "    http-request deny if { path_beg /.git }\n")
    for path in ("/.git/config", "/wp-login.php"):
        visit(lab, path, referer="")


@healthy_apache()
def apache_visitors_that_look_for_weak_sites(lab: Lab) -> None:
    """404, 403 and 503 for what no page of the site asks for."""
    rules = "    Redirect 404 /.env\n    Redirect 403 /.git\n    Redirect 503 /xmlrpc.php\n"
    serve_apache(lab, rules)
    for path in ("/.env", "/.git/config", "/xmlrpc.php"):
        visit(lab, path, referer="")
        visit(lab, path, "-d", "a=b", referer="")


@healthy_apache()
def interface_behind_apache_is_well_again(lab: Lab) -> None:
    """A visitor got 503 before the application was started."""
    serve_apache(lab, "    ProxyPass /api/ http://127.0.0.1:3009/ retry=0\n")
    visit(lab, "/api/")
    run_application(lab)


@healthy_apache()
def another_site_in_apaches_log_fails(lab: Lab) -> None:
    """Two sites write one log, whose lines name no site."""
    serve_apache(lab, "")
    blog = apache.HTTPS.replace("shop.example.com", "blog.example.com", 1)
    rules = f"    CustomLog {APACHE_LOG} combined\n    Redirect 500 /api\n    ProxyPass / "
    text = lab.server.read(apache.SITE) + blog.replace("    ProxyPass / ", rules)
    lab.server.write(apache.SITE, text)
    lab.server.run(["apachectl", "graceful"], check=True)
    for _ in range(3):
        url = "https://blog.example.com/api"
        words = ["curl", "-sk", "-o", "/dev/null", "--connect-to", f"::{site.NAME}:"]
        lab.client.run([*words, url])


@healthy_caddy()
def interface_behind_caddy_is_well_again(lab: Lab) -> None:
    """A visitor got 502 before the application was started."""
    serve_caddy(lab, "\treverse_proxy /api/* 127.0.0.1:3009\n")
    visit(lab, "/api/")
    run_application(lab)


def _apache_go(lab: Lab, pattern: str) -> None:
    """A redirect to an address with a slash at its end, and a browser that followed it."""
    serve_apache(lab, f"    ProxyPass /go !\n    RedirectMatch 301 {pattern} /go/")
    visit(lab, "/go", "-L", referer="")


@apache_scenario(outside=None, server="http.redirect-loop", manual="a person writes the pattern")
def apache_redirect_meets_its_own_address(lab: Lab) -> None:
    """The pattern has "/?", so that /go/ leads to /go/."""
    _apache_go(lab, "^/go/?$")


@healthy_apache()
def apache_redirect_adds_a_slash(lab: Lab) -> None:
    _apache_go(lab, "^/go$")


@apache_scenario(outside=None, server="server.apache-body-timeout", differs=SITE)
def upload_that_pauses_behind_apache(lab: Lab) -> None:
    """`RequestReadTimeout body=1`: 408 for a client that is served afterwards."""
    serve_apache(lab, "    RequestReadTimeout body=1\n")
    stall(lab)
    visit(lab, "/", referer="")


@haproxy_scenario(
    outside=None, server="server.haproxy-body-timeout", differs=(haproxy.CONFIG,)
)  # fmt: skip
def upload_that_pauses_behind_haproxy(lab: Lab) -> None:
    """`timeout http-request 1s`: 408 for a client that is served afterwards."""
    serve_haproxy(lab, "    option http-buffer-request\n    timeout http-request 1s\n")
    stall(lab)
    visit(lab, "/", referer="")


@healthy_haproxy()
def upload_that_succeeds_later_behind_haproxy(lab: Lab) -> None:
    """The second try came through."""
    serve_haproxy(lab, "    option http-buffer-request\n    timeout http-request 1s\n")
    stall(lab)
    visit(lab, BLOB, "-X", "PATCH", "-d", "x", referer="")
