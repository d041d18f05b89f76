"""The site's page works, and what browsers ask for beside it does not: the log is that of a
container, which its engine keeps. A healthy twin has the same requests."""

from .. import haproxy
from ..apache import HTTP, HTTPS
from ..lab import Lab
from ..server_containers import caddyfile, run_apache, run_caddy, run_haproxy
from .logged_browsers import MATCHER
from .nginx_other_requests_failed import visit
from .servers_in_containers import NO_ENGINE, healthy_inner, inner_scenario

PERSON = "which requests are refused is a choice"


def _caddy(lab: Lab, line: str) -> None:
    run_caddy(lab, caddyfile(f"\tlog\n\t{line}\n"))
    visit(lab, "/", referer="")
    for _ in range(2):
        visit(lab, "/orders")


@inner_scenario(outside=None, server="server.path-not-handled", manual=MATCHER)
def caddy_in_a_container_logs_a_page_with_nothing_in_it(lab: Lab) -> None:
    """`reverse_proxy / app:3000`: "/" is that path alone."""
    _caddy(lab, "reverse_proxy / app:3000")


@healthy_inner()
def caddy_in_a_container_logs_its_pages(lab: Lab) -> None:
    _caddy(lab, "reverse_proxy app:3000")


def _haproxy(lab: Lab, rule: str) -> None:
    text = haproxy.SITE.replace("global\n", "global\n    log stdout format raw local0\n", 1)
    text = text.replace("    log global\n", "    log global\n    option httplog\n")
    text = text.replace("127.0.0.1:3000", "app:3000")
    run_haproxy(lab, text.replace("    option forwardfor\n", f"    option forwardfor\n{rule}"))
    visit(lab, "/", referer="")
    visit(lab, "/app.css")
    for _ in range(2):
        visit(lab, "/api/items")


@inner_scenario(outside=None, server="server.haproxy-rule-refuses", manual=PERSON)
def haproxy_in_a_container_logs_what_its_rule_refuses(lab: Lab) -> None:
    """The page asks for data that only the office may see."""
    _haproxy(lab, "    http-request deny if { path_beg /api/ }\n")


@healthy_inner()
def haproxy_in_a_container_logs_its_pages(lab: Lab) -> None:
    _haproxy(lab, "")


def _apache(lab: Lab, pattern: str) -> None:
    lines = "    CustomLog /proc/self/fd/1 combined\n    ProxyPass /go !\n"
    rule = f"    RedirectMatch 301 {pattern} /go/\n    ProxyPass / "
    text = HTTPS.replace("    ProxyPass / ", lines + rule)
    run_apache(lab, f"{text}\n{HTTP}".replace("127.0.0.1:3000", "app:3000"))
    visit(lab, "/go", "-L", referer="")


@inner_scenario(outside=None, server="http.redirect-loop", manual=NO_ENGINE)
def apache_in_a_container_logs_a_circle(lab: Lab) -> None:
    """The pattern has "/?", so that /go/ leads to /go/."""
    _apache(lab, "^/go/?$")


@healthy_inner()
def apache_in_a_container_logs_a_redirect(lab: Lab) -> None:
    _apache(lab, "^/go$")
