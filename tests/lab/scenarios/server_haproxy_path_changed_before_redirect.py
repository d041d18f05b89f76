"""Scenarios of server.haproxy-path-changed-before-redirect."""

from .. import haproxy, site
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

PAGE = f"http://{site.NAME}/some/start"
CHANGE = "    http-request replace-path ^/some/(.*)$ /\\1\n"
REDIRECT = "    http-request redirect scheme https code 301 if !{ ssl_fc }\n"


def _serve(lab: Lab, rules: str) -> None:
    """Below /some/ is the application, and no other path is served but the home page."""
    text = f"""\
{haproxy.GLOBAL}
frontend web
    bind :80
    bind :443 ssl crt {haproxy.PEM} alpn h2,http/1.1
    use_backend some if {{ path_beg /some/ }}
    default_backend app

backend some
{rules}    http-request set-header X-Forwarded-Proto https
    server app1 127.0.0.1:3000

backend app
{REDIRECT}    http-request return status 404 if {{ path /start }}
    http-request set-header X-Forwarded-Proto https
    server app1 127.0.0.1:3000
"""
    haproxy.serve(lab, text)


@haproxy_scenario(
    outside="http.redirect-to-error",
    server="server.haproxy-path-changed-before-redirect",
    target=PAGE,
    differs=(haproxy.CONFIG,),
)
def haproxy_changes_the_path_before_the_redirect(lab: Lab) -> None:
    """https://github.com/jcmoraisjr/haproxy-ingress/issues/178."""
    _serve(lab, CHANGE + REDIRECT)


@healthy_haproxy(target=PAGE)
def haproxy_changes_the_path_behind_the_redirect(lab: Lab) -> None:
    _serve(lab, REDIRECT + CHANGE)
