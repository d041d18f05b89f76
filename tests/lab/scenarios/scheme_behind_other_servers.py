"""The application behind Apache, Caddy or HAProxy writes http: addresses: nobody tells it that
visitors use https.

After questions about Keycloak, Gitea and WordPress behind Apache and HAProxy, and the threads of
`seen_from_outside`.
"""

from .. import apache, caddy, haproxy
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

APACHE_LINE = "    RequestHeader set X-Forwarded-Proto https\n"
HAPROXY_LINE = "    http-request set-header X-Forwarded-Proto https\n"


def _apache(lab: Lab, mode: str, line: str = "") -> None:
    lab.application("--mode", mode)
    apache.serve(lab, f"{apache.HTTPS.replace(APACHE_LINE, line)}\n{apache.HTTP}")


def _caddy(lab: Lab, mode: str, *lines: str) -> None:
    lab.application("--mode", mode)
    block = "".join(f"\t\t{line}\n" for line in lines)
    proxy = f"\treverse_proxy 127.0.0.1:3000 {{\n{block}\t}}\n" if lines else ""
    caddy.serve(
        lab, caddy.SHOP.replace("\treverse_proxy 127.0.0.1:3000\n", proxy) if lines else caddy.SHOP
    )


def _haproxy(lab: Lab, mode: str, line: str = "") -> None:
    lab.application("--mode", mode)
    haproxy.serve(lab, haproxy.SITE.replace(HAPROXY_LINE, line))


@apache_scenario(
    outside="http.form-over-http", server="server.scheme-not-passed", differs=(apache.SITE,)
)
def form_behind_apache_without_the_scheme(lab: Lab) -> None:
    _apache(lab, "form-at-scheme")


@apache_scenario(
    outside="http.page-reloads", server="server.scheme-not-passed", differs=(apache.SITE,)
)
def page_reloads_behind_apache(lab: Lab) -> None:
    """The line says http, as where it was copied from a site without TLS."""
    _apache(lab, "refresh-at-scheme", APACHE_LINE.replace("https", "http"))


@haproxy_scenario(
    outside="http.form-over-http", server="server.scheme-not-passed", differs=(haproxy.CONFIG,)
)
def form_behind_haproxy_without_the_scheme(lab: Lab) -> None:
    _haproxy(lab, "form-at-scheme")


@haproxy_scenario(
    outside="http.page-reloads", server="server.scheme-not-passed", differs=(haproxy.CONFIG,)
)
def page_reloads_behind_haproxy(lab: Lab) -> None:
    _haproxy(lab, "refresh-at-scheme")


@caddy_scenario(outside="http.form-over-http", differs=(caddy.CONFIG,))
def form_behind_caddy_that_says_http(lab: Lab) -> None:
    _caddy(lab, "form-at-scheme", "header_up X-Forwarded-Proto http", "header_up -X-Real-IP")


@healthy_apache()
def form_behind_apache_with_the_scheme(lab: Lab) -> None:
    _apache(lab, "form-at-scheme", APACHE_LINE)


@healthy_caddy()
def form_behind_caddy(lab: Lab) -> None:
    _caddy(lab, "form-at-scheme")


@healthy_haproxy()
def form_behind_haproxy_with_the_scheme(lab: Lab) -> None:
    _haproxy(lab, "form-at-scheme", HAPROXY_LINE)
