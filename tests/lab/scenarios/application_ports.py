"""The port of an application or of a service, asked for itself, and closed to visitors."""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .netfilter import ufw

APPLICATION = f"http://{site.NAME}:3000/"
OWN = f"http://{site.NAME}:3100/"
ADDRESS = "the address is wrong, and not the server"
ELSEWHERE = {"[!n]*": "this server has one layout in the laboratory", "nginx*": "the same"}


def _for_all(lab: Lab, port: int) -> None:
    """A program that listens on all addresses."""
    lab.spawn(lab.server, lab.server.python("-m", "http.server", str(port)), port)


def _behind_nginx(lab: Lab) -> None:
    """The site is a program on all addresses."""
    _for_all(lab, 3100)
    lab.change("127.0.0.1:3000", "127.0.0.1:3100")


@scenario(
    target=APPLICATION, outside="tcp.rejected-by-host", server="listener.application-port",
    manual=ADDRESS,
)  # fmt: skip
def port_of_the_application_behind_nginx(lab: Lab) -> None:
    """It listens on 127.0.0.1, and the firewall has its port closed besides."""


@scenario(
    target=APPLICATION, outside="tcp.rejected-by-host", server="listener.application-port",
    manual=ADDRESS, needs=apache.needs_apache, not_on=ELSEWHERE,
)  # fmt: skip
def port_of_the_application_behind_apache(lab: Lab) -> None:
    apache.serve(lab)


@scenario(
    target=APPLICATION, outside="tcp.rejected-by-host", server="listener.application-port",
    manual=ADDRESS, needs=haproxy.needs_haproxy, not_on=ELSEWHERE,
)  # fmt: skip
def port_of_the_application_behind_haproxy(lab: Lab) -> None:
    haproxy.serve(lab)


@scenario(
    target=APPLICATION, outside="tcp.rejected-by-host", server="listener.application-port",
    manual=ADDRESS, needs=caddy.needs_caddy, not_on=ELSEWHERE,
)  # fmt: skip
def port_of_the_application_behind_caddy(lab: Lab) -> None:
    caddy.install(lab)
    caddy.start(lab)


@scenario(target=OWN, outside="tcp.rejected-by-host", server="firewall.port-closed", manual=ADDRESS)
def port_of_an_application_that_the_firewall_closes(lab: Lab) -> None:
    """It listens on all addresses, and nginx passes the site's requests on to it."""
    _behind_nginx(lab)


@scenario(target=OWN, outside="tcp.timeout", server="firewall.ufw-port-closed", manual=ADDRESS)
def port_of_an_application_that_ufw_closes(lab: Lab) -> None:
    _behind_nginx(lab)
    ufw(lab, "allow 22/tcp", "allow 80/tcp", "allow 443/tcp")


@scenario(
    target=f"http://{site.NAME}:9090/", outside="tcp.rejected-by-host",
    server="firewall.port-closed", manual="who may reach it is a choice",
)  # fmt: skip
def port_of_an_administration_that_the_firewall_closes(lab: Lab) -> None:
    _for_all(lab, 9090)


@scenario(
    target=OWN, outside="tcp.rejected-by-host", server="listener.missing",
    manual="the application is started by hand",
)  # fmt: skip
def port_of_a_stopped_application_behind_nginx(lab: Lab) -> None:
    """No `listen` of nginx's belongs there."""
    lab.change("127.0.0.1:3000", "127.0.0.1:3100")


@healthy(target=OWN)
def port_of_an_application_that_is_open_as_well(lab: Lab) -> None:
    _behind_nginx(lab)
    for words in ((), ("--permanent",)):
        lab.server.run(["firewall-cmd", *words, "--add-port=3100/tcp"], check=True)


@scenario(
    target=OWN, outside="tcp.rejected-by-host", server="firewall.port-closed",
    manual="the laboratory waits for its own site",
)  # fmt: skip
def port_of_a_site_of_its_own_that_the_firewall_closes(lab: Lab) -> None:
    """No web server passes anything on to it: visitors need the port."""
    _for_all(lab, 3100)
