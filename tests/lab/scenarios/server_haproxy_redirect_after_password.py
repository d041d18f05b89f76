"""Scenarios of server.haproxy-redirect-after-password."""

from .. import haproxy, site
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy
from .haproxy_redirects import REDIRECT

ADMIN = f"https://{site.NAME}/admin"
AUTH = "    http-request auth realm shop if { path_beg /admin } !{ http_auth(users) }\n"
LATE = "    redirect scheme https code 301 if !{ ssl_fc }\n"


def _serve(lab: Lab, rules: str) -> None:
    """Both ports have one backend, and these rules stand in it."""
    users = "userlist users\n    user app insecure-password secret\n\nfrontend http\n"
    text = SITE.replace("frontend http\n", users).replace(REDIRECT, "    default_backend app\n")
    haproxy.serve(lab, text.replace("backend app\n    server", f"backend app\n{rules}    server"))


@haproxy_scenario(
    outside=None,
    server="server.haproxy-redirect-after-password",
    target=ADMIN,
    differs=(haproxy.CONFIG,),
)
def haproxy_wants_the_password_over_http(lab: Lab) -> None:
    """https://github.com/tutumcloud/haproxy/issues/152: a redirect line behind the password."""
    _serve(lab, AUTH + LATE)


@healthy_haproxy(target=ADMIN)
def haproxy_wants_the_password_after_the_redirect(lab: Lab) -> None:
    _serve(lab, f"    http-request {LATE.strip()}\n{AUTH}")
