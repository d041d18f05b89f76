"""HAProxy on a port of its own: visitors send the port with the name."""

from .. import haproxy
from ..haproxy import BACKEND, GLOBAL, PEM
from ..lab import Lab
from .firewall import firewalld
from .haproxy import haproxy_scenario, healthy_haproxy

URL = "https://shop.example.com:8443/"
BY_NAME = f"""\
frontend https
    bind :8443 ssl crt {PEM}
    http-request set-header X-Forwarded-Proto https
    use_backend app if {{ hdr(host) -i shop.example.com }}
"""


def serve(lab: Lab, frontend: str) -> None:
    firewalld(lab, "--zone=public --add-port=8443/tcp")
    haproxy.serve(lab, f"{GLOBAL}\n{frontend}\n{BACKEND}", 8443)


@haproxy_scenario(
    outside="http.server-error",
    server="server.haproxy-no-backend",
    target=URL,
    manual="which rule, a person decides",
)
def haproxy_rule_has_the_name_without_the_port(lab: Lab) -> None:
    """https://github.com/rancher/cattle/pull/734."""
    serve(lab, BY_NAME)


@healthy_haproxy(target=URL)
def haproxy_rule_takes_the_port_off(lab: Lab) -> None:
    serve(lab, BY_NAME.replace("hdr(host)", "hdr(host),field(1,:)"))


ADDRESS = (
    "the application's log shows the ip 127.0.0.1 for all visitors, all of them are 127.0.0.1",
)


@haproxy_scenario(
    outside=None, server="server.visitor-address-lost", args=ADDRESS, differs=(haproxy.CONFIG,)
)
def haproxy_does_not_tell_the_visitors_address(lab: Lab) -> None:
    """Of the class of https://github.com/klren0312/daliy_knowledge/issues/164."""
    haproxy.serve(lab, haproxy.SITE.replace("    option forwardfor\n", ""))


@healthy_haproxy(args=ADDRESS)
def haproxy_tells_the_visitors_address(lab: Lab) -> None:
    haproxy.serve(lab)
