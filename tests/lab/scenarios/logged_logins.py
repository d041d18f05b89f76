"""The site's page works, and a web server takes the login from what its scripts ask for: the log
has 401 again and again. A healthy twin has visitors that are not logged in."""

from .. import caddy, haproxy
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy
from .nginx_other_requests_failed import visit
from .server_other_requests_failed import serve_apache, serve_caddy, serve_haproxy
from .server_prefixes import application

OTHER = "\nbackend data\n    server data1 127.0.0.1:3001\n"
RULE = "    use_backend data if { path_beg /api/ }\n"


def _visits(lab: Lab) -> None:
    visit(lab, "/", referer="")
    visit(lab, "/app.css")
    for _ in range(3):
        visit(lab, "/api/me", "-H", "Authorization: Bearer a.b.c")


def _apache(lab: Lab, line: str) -> None:
    application(lab, "/api/me:401:")
    serve_apache(lab, f"{line}    ProxyPass /api/ http://127.0.0.1:3001/api/\n")
    _visits(lab)


@apache_scenario(outside=None, server="server.login-withheld", differs=FILES)
def apache_takes_the_token_from_the_scripts(lab: Lab) -> None:
    """`RequestHeader unset Authorization` of a guide to a cache."""
    _apache(lab, "    RequestHeader unset Authorization\n")


@healthy_apache()
def apache_passes_the_token_of_visitors_that_are_not_logged_in(lab: Lab) -> None:
    _apache(lab, "")


def _caddy(lab: Lab, line: str) -> None:
    application(lab, "/api/me:401:")
    serve_caddy(lab, f"\treverse_proxy /api/* 127.0.0.1:3001 {{\n{line}\t\theader_up X-A b\n\t}}\n")
    _visits(lab)


@caddy_scenario(outside=None, server="server.login-withheld", differs=(caddy.CONFIG,))
def caddy_takes_the_token_from_the_scripts(lab: Lab) -> None:
    """`header_up -Authorization`."""
    _caddy(lab, "\t\theader_up -Authorization\n")


@healthy_caddy()
def caddy_passes_the_token_of_visitors_that_are_not_logged_in(lab: Lab) -> None:
    _caddy(lab, "")


def _haproxy(lab: Lab, line: str) -> None:
    application(lab, "/api/me:401:")
    serve_haproxy(lab, f"{line}{RULE}", sections=OTHER)
    _visits(lab)


@haproxy_scenario(outside=None, server="server.login-withheld", differs=(haproxy.CONFIG,))
def haproxy_takes_the_token_from_the_scripts(lab: Lab) -> None:
    """`http-request del-header Authorization` of a guide to a cache."""
    _haproxy(lab, "    http-request del-header Authorization\n")


@healthy_haproxy()
def haproxy_passes_the_token_of_visitors_that_are_not_logged_in(lab: Lab) -> None:
    _haproxy(lab, "")


@healthy_haproxy()
def haproxy_asks_for_a_password_and_keeps_it_to_itself(lab: Lab) -> None:
    """The field is HAProxy's own: the page without it gets 401 from HAProxy."""
    rules = (
        "    http-request auth if { path_beg /staff }\n    http-request del-header Authorization\n"
    )
    _haproxy(lab, rules)
