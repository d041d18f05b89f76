"""Conditions of HAProxy's rules that mean something else than they seem to, as in threads."""

from .. import haproxy
from ..haproxy import SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

CHALLENGE = "http://shop.example.com/.well-known/acme-challenge/evaGxfADs6pSRb2L"
BY_NAME = "    use_backend app if { ssl_fc_sni shop.example.com }\n"
TO_CERTBOT = """\
    acl acme path_beg -i /.well-known/acme-challenge/
    use_backend certbot if acme
"""


def challenges_over_https(lab: Lab, rules: str) -> None:
    """Port 80 redirects all to https; a program of its own answers challenges there, and the
    application does not."""
    lab.application("--mode", "no-challenge")
    program = str(haproxy.__file__).replace("haproxy.py", "application.py")
    lab.spawn(lab.server, lab.server.python(program, "--port", "3001"), 3001)
    text = SITE.replace("    default_backend app\n", rules)
    haproxy.serve(lab, f"{text}\nbackend certbot\n    server certbot1 127.0.0.1:3001\n")


@haproxy_scenario(
    outside="http.redirect-to-error",
    server="server.haproxy-rule-shadowed",
    target=CHALLENGE,
    differs=(haproxy.CONFIG,),
)
def haproxy_rule_for_challenges_comes_too_late(lab: Lab) -> None:
    """https://github.com/hlandau/acmetool/issues/259: the name's rule takes what the redirect
    leads to."""
    challenges_over_https(lab, BY_NAME + TO_CERTBOT)


@healthy_haproxy(target=CHALLENGE)
def haproxy_rule_for_challenges_comes_first(lab: Lab) -> None:
    challenges_over_https(lab, TO_CERTBOT + BY_NAME)
