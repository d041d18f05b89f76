"""HAProxy was started before the name of its application's server got another address."""

from .. import haproxy
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

HOSTS, NAME = "/etc/hosts", "app.internal"
BY_NAME = haproxy.SITE.replace("127.0.0.1:3000", f"{NAME}:3000")


def _named(lab: Lab, before: str) -> None:
    """The name leads to another address when HAProxy is started."""
    hosts = lab.server.read(HOSTS)
    lab.server.write(HOSTS, f"{hosts}{before} {NAME}\n")
    haproxy.serve(lab, BY_NAME)
    lab.server.write(HOSTS, f"{hosts}127.0.0.1 {NAME}\n")


@haproxy_scenario(outside="http.server-error", server="server.haproxy-stale-address")
def haproxy_keeps_an_old_address(lab: Lab) -> None:
    _named(lab, "127.0.0.9")


@healthy_haproxy()
def haproxy_has_the_address_of_a_name(lab: Lab) -> None:
    _named(lab, "127.0.0.1")
