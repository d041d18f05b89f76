"""Seen from another place as well (`--vantage`): open for one, closed for the other."""

from ..elsewhere import ARGS, ELSEWHERE, elsewhere
from ..lab import CLIENT, Lab
from ..scenario import healthy, scenario

CONSOLE = "the cloud's console"


@healthy(args=ARGS)
def everybody_gets_in(lab: Lab) -> None:
    """The site is healthy, from the other place too."""
    elsewhere(lab)


@scenario(
    outside="tcp.timeout",
    server="tcp.closed-outside",
    both="tcp.never-arrives",
    args=ARGS,
    manual=CONSOLE,
)
def only_the_server_sees_the_site(lab: Lab) -> None:
    """The security group has no rule for 443. On the server all is well, after a thread on Server
    Fault ("works from localhost, times out from outside"): only the other place shows it."""
    elsewhere(lab)
    lab.cloud("tcp dport 443 drop")


@scenario(
    outside="tcp.closed-outside",
    server="tcp.closed-outside",
    args=ARGS,
    manual=CONSOLE,
)
def one_network_is_shut_out(lab: Lab) -> None:
    """The cloud's firewall blocks the other place's network, after reports on V2EX ("fine at home,
    dead from the office"). From the client it works."""
    elsewhere(lab)
    lab.cloud(f"ip saddr {ELSEWHERE} tcp dport 443 drop")


@scenario(
    outside="tcp.open-elsewhere",
    server=None,
    both="tcp.never-arrives",
    args=ARGS,
    manual=CONSOLE,
)
def only_here_it_is_dead(lab: Lab) -> None:
    """The client's address is on a list of blocked ones; the other place gets in, and the server
    sees a healthy site."""
    elsewhere(lab)
    lab.cloud(f"ip saddr {CLIENT} tcp dport 443 drop")
