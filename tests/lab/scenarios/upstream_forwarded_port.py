"""Scenarios of upstream.forwarded-port: the forwards of a real firewalld and of iptables."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .firewall import firewalld

OWN = "203.0.113.10"
FORWARD = "--zone=public --add-forward-port=port=8090:proto=tcp:toport=3000"
MINE = (site.CONF,)


def _pass_to(lab: Lab, address: str) -> None:
    lab.application("--host", "0.0.0.0")
    lab.edit("http://127.0.0.1:3000", f"http://{address}")
    lab.reload()


@scenario(outside="http.server-error", server="upstream.forwarded-port", differs=MINE)
def port_that_firewalld_forwards(lab: Lab) -> None:
    """After issue 10090 of 1Panel-dev/1Panel: proxy_pass names a forward port of the same server,
    which works from every other machine."""
    firewalld(lab, FORWARD)
    _pass_to(lab, f"{OWN}:8090")


@scenario(outside="http.server-error", server="upstream.forwarded-port", differs=MINE)
def port_that_a_rule_redirects(lab: Lab) -> None:
    """After questions about Tomcat without root: -t nat -A PREROUTING … -j REDIRECT."""
    rule = "PREROUTING -p tcp --dport 8090 -j REDIRECT --to-ports 3000"
    lab.server.sh(f"iptables -t nat -A {rule}")
    lab.undo(lambda: lab.server.sh("nft delete table ip nat", check=False))
    _pass_to(lab, "127.0.0.1:8090")


@healthy()
def destination_of_a_forward_in_proxy_pass(lab: Lab) -> None:
    """The forward is there for others, and nginx asks the application itself."""
    firewalld(lab, FORWARD)
    _pass_to(lab, "127.0.0.1:3000")
