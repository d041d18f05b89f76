"""HAProxy's redirect answers a path for which another rule was written."""

from .. import haproxy, site
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy
from .haproxy_rules import CHALLENGE

REDIRECT = "    http-request redirect scheme https code 301\n"
ACME = "    acl acme path_beg /.well-known/acme-challenge/\n"


def challenges(lab: Lab, condition: str) -> None:
    """Certbot's own server answers challenges at port 80 alone, the application does not."""
    lab.application("--mode", "no-challenge")
    program = str(haproxy.__file__).replace("haproxy.py", "application.py")
    lab.spawn(lab.server, lab.server.python(program, "--port", "3001"), 3001)
    rules = f"{ACME}{REDIRECT[:-1]} {condition}\n    use_backend certbot if acme\n"
    text = SITE.replace(REDIRECT, rules)
    haproxy.serve(lab, f"{text}\nbackend certbot\n    server certbot1 127.0.0.1:3001\n")


@haproxy_scenario(
    outside="http.redirect-to-error",
    server="server.haproxy-redirect-first",
    target=CHALLENGE,
    differs=(haproxy.CONFIG,),
)
def haproxy_redirects_unless_both(lab: Lab) -> None:
    """https://github.com/mailcow/mailcow-dockerized-docs/pull/927: `unless { ssl_fc } acme` spares
    what came over TLS and is a challenge."""
    challenges(lab, "unless { ssl_fc } acme")


@haproxy_scenario(
    outside="http.redirect-to-error",
    server="server.haproxy-redirect-first",
    target=CHALLENGE,
    differs=(haproxy.CONFIG,),
)
def haproxy_redirects_before_it_chooses(lab: Lab) -> None:
    """After many threads: the redirect has no exception, and comes first in any case."""
    challenges(lab, "if !{ ssl_fc }")


@healthy_haproxy(target=CHALLENGE)
def haproxy_redirects_all_but_challenges(lab: Lab) -> None:
    challenges(lab, "if !{ ssl_fc } !acme")


ADDED = (
    "    http-request redirect code 301 location /app/ if {{ {} /app }}\n    default_backend app\n"
)


@haproxy_scenario(
    target=f"https://{site.NAME}/app/",
    outside="http.redirect-loop",
    server="server.redirect-loop",
    differs=(haproxy.CONFIG,),
)
def haproxy_adds_a_slash_for_ever(lab: Lab) -> None:
    """`path_beg` in the place of `path`: the address with the slash is redirected too."""
    haproxy.serve(lab, SITE.replace("    default_backend app\n", ADDED.format("path_beg")))


@healthy_haproxy()
def haproxy_adds_a_slash_once(lab: Lab) -> None:
    haproxy.serve(lab, SITE.replace("    default_backend app\n", ADDED.format("path")))
