"""Apache, Caddy or HAProxy redirects to the wrong place, after questions on Server Fault and Stack
Overflow about lines that were copied from a site with one page."""

from .. import apache, caddy, haproxy
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

HOME = "https://shop.example.com/"


def _apache(lab: Lab, *lines: str) -> None:
    own = "".join(f"    {line}\n" for line in lines)
    line = "    Redirect permanent / https://shop.example.com/\n"
    apache.serve(lab, f"{apache.HTTPS}\n{apache.HTTP.replace(line, own)}")


def _haproxy(lab: Lab, line: str) -> None:
    haproxy.serve(lab, haproxy.SITE.replace("http-request redirect scheme https code 301", line))


def _caddy(lab: Lab, line: str) -> None:
    caddy.serve(lab, f"{caddy.SHOP}\nhttp://shop.example.com {{\n\t{line}\n}}\n")


@apache_scenario(outside="http.redirect-drops-path", differs=(apache.SITE,))
def apache_redirects_every_path_to_the_home_page(lab: Lab) -> None:
    _apache(lab, "RewriteEngine On", f"RewriteRule ^ {HOME} [R=301,L]")


@apache_scenario(outside="http.redirect-drops-path", differs=(apache.SITE,))
def apache_redirects_by_a_pattern_to_the_home_page(lab: Lab) -> None:
    _apache(lab, f"RedirectMatch 301 ^/.*$ {HOME}")


@haproxy_scenario(outside="http.redirect-drops-path", differs=(haproxy.CONFIG,))
def haproxy_redirects_every_path_to_the_home_page(lab: Lab) -> None:
    _haproxy(lab, f"http-request redirect location {HOME} code 301")


@caddy_scenario(outside="http.redirect-drops-path", differs=(caddy.CONFIG,))
def caddy_redirects_every_path_to_the_home_page(lab: Lab) -> None:
    _caddy(lab, f"redir {HOME} permanent")


@apache_scenario(outside="http.redirect-wrong-host", differs=(apache.SITE,))
def apache_redirects_to_a_name_inside(lab: Lab) -> None:
    _apache(lab, "Redirect permanent / https://web1.internal/")


TEA = "http://shop.example.com/tea"


@apache_scenario(outside="http.redirect-wrong-host", target=TEA, differs=(apache.SITE,))
def apache_redirects_without_the_slash_behind_the_name(lab: Lab) -> None:
    """Redirect / https://NAME: what follows the path is written behind the name."""
    _apache(lab, "Redirect permanent / https://shop.example.com")


@apache_scenario(outside="http.redirect-wrong-host", target=TEA, differs=(apache.SITE,))
def apache_redirects_by_a_rule_that_drops_the_slash(lab: Lab) -> None:
    _apache(lab, "RewriteEngine On", "RewriteRule ^/(.*)$ https://shop.example.com$1 [R=301,L]")


@healthy_apache(target=TEA)
def apache_redirects_by_a_rule_that_keeps_the_slash(lab: Lab) -> None:
    _apache(lab, "RewriteEngine On", "RewriteRule ^(.*)$ https://shop.example.com$1 [R=301,L]")


@haproxy_scenario(outside="http.redirect-wrong-host", differs=(haproxy.CONFIG,))
def haproxy_redirects_to_a_name_inside(lab: Lab) -> None:
    _haproxy(lab, "http-request redirect prefix https://web1.internal code 301")


@caddy_scenario(outside="http.redirect-wrong-host", differs=(caddy.CONFIG,))
def caddy_redirects_to_a_name_inside(lab: Lab) -> None:
    _caddy(lab, "redir https://web1.internal{uri} permanent")


@apache_scenario(outside="http.redirect-wrong-host", differs=(apache.SITE,))
def apache_redirects_with_a_variable_of_another_module(lab: Lab) -> None:
    _apache(lab, "RedirectPermanent / https://%{SERVER_NAME}/")


@apache_scenario(outside="http.redirect-wrong-host", differs=(apache.SITE,))
def apache_redirects_with_a_variable_of_nginx(lab: Lab) -> None:
    _apache(lab, "RewriteEngine On", "RewriteRule ^ https://$host$request_uri [R=301,L]")


@haproxy_scenario(outside="http.redirect-wrong-host", differs=(haproxy.CONFIG,))
def haproxy_redirects_with_a_variable_of_nginx(lab: Lab) -> None:
    _haproxy(lab, "http-request redirect prefix https://$host code 301")


@caddy_scenario(outside="http.redirect-wrong-host", differs=(caddy.CONFIG,))
def caddy_redirects_with_a_variable_of_nginx(lab: Lab) -> None:
    _caddy(lab, "redir https://$host{uri} permanent")


@healthy_apache()
def apache_redirects_with_the_path(lab: Lab) -> None:
    rule = "RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]"
    _apache(lab, "RewriteEngine On", rule)


@healthy_haproxy()
def haproxy_redirects_with_the_path(lab: Lab) -> None:
    _haproxy(lab, "http-request redirect prefix https://shop.example.com code 301")


@healthy_caddy()
def caddy_redirects_with_the_path(lab: Lab) -> None:
    _caddy(lab, "redir https://{host}{uri} permanent")
