"""What the site's program asks for itself: a login's provider at the site's own public name, from a
container. After BookStack 6018, opencloud-compose 98, pangolin 668 and authelia 4066.

The authority of the certificate is the laboratory's own: the server trusts it, a container does so
where the server's file is mounted.
"""

from typing import Any

from .. import site
from ..containers import Engine, application, behind_nginx, proxied, proxy
from ..lab import BUNDLE, SERVER, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL

CHECK = "upstream.outgoing-failed"
DISCOVERY = f"https://{site.NAME}/auth/.well-known/openid-configuration"
TIMED_OUT = f"OIDC Discovery Error: cURL error 28: Connection timed out for {DISCOVERY}"
UNKNOWN = f'Get "{DISCOVERY}": x509: certificate signed by unknown authority'
NAMELESS = f'Get "{DISCOVERY}": dial tcp: lookup {site.NAME} on 127.0.0.11:53: no such host'
TRUSTED = [(BUNDLE, BUNDLE)]
PUBLIC = f"{SERVER} {site.NAME}\n"
BY_HAND = "what runs the container has to be changed"


def _behind(lab: Lab, hosts: str, **more: Any) -> Engine:
    return behind_nginx(lab, hosts=hosts, **({"binds": TRUSTED} | more))


@scenario(outside=None, server=CHECK, args=(TIMED_OUT,), differs=("rules",), not_on=PANEL)
def container_kept_from_the_servers_own_name(lab: Lab) -> None:
    """A rule drops what containers send to the server's port: the site's name leads there."""
    _behind(lab, PUBLIC)
    rule = "INPUT -i docker0 -p tcp --dport 443 -j DROP"
    lab.server.sh(f"iptables -A {rule}")
    lab.undo(lambda: lab.server.sh(f"iptables -D {rule}", check=False))


@scenario(outside=None, server=CHECK, args=(NAMELESS,), manual=BY_HAND, not_on=PANEL)
def container_with_the_servers_name_server(lab: Lab) -> None:
    """The server's own stub stands in the container's resolv.conf."""
    _behind(lab, "", resolv="nameserver 127.0.0.53\n")


@scenario(outside=None, server=CHECK, args=(UNKNOWN,), manual=BY_HAND, not_on=PANEL)
def container_without_the_own_authority(lab: Lab) -> None:
    _behind(lab, PUBLIC, binds=[])


@scenario(outside=None, server=CHECK, args=("Error: getaddrinfo ENOTFOUND db",), manual=BY_HAND,
          not_on=PANEL)  # fmt: skip
def container_asks_for_a_service_that_is_none(lab: Lab) -> None:
    _behind(lab, PUBLIC)


@scenario(outside=None, server=CHECK, args=(TIMED_OUT,), manual=BY_HAND, not_on=PANEL)
def container_takes_the_name_for_itself(lab: Lab) -> None:
    """Debian's 127.0.1.1 of the machine's name, copied into the container."""
    _behind(lab, f"127.0.1.1 {site.NAME}\n")


@healthy(args=(TIMED_OUT,), not_on=PANEL)
def container_that_reaches_the_provider_again(lab: Lab) -> None:
    """The message is old: the whole way succeeds now."""
    _behind(lab, PUBLIC)


@healthy(args=(TIMED_OUT,), not_on=PANEL)
def service_that_reaches_the_provider_again(lab: Lab) -> None:
    """The same without a container: the program is on the server itself."""


@scenario(outside=None, server=CHECK, args=(NAMELESS,), manual=BY_HAND, not_on=PANEL)
def application_behind_a_proxy_in_a_container(lab: Lab) -> None:
    """nginx in a container finds the name, the application in another one does not."""
    engine = Engine(lab)
    address = application(engine, binds=TRUSTED, resolv="nameserver 127.0.0.53\n")
    proxy(engine, proxied("http://app:3000"), hosts=f"{address} app\n{PUBLIC}")
    engine.answers(443)
