"""IPv6 is turned off on the server (sysctl), after instructions that many people follow."""

from ..lab import SERVER6, Lab
from ..scenario import healthy, scenario

SETTING = "net.ipv6.conf.all.disable_ipv6"


def turned_off(lab: Lab) -> None:
    # The addresses of loopback come back by themselves, those of eth0 do not.
    lab.undo(lambda: lab.server.sh(f"sysctl -qw {SETTING}=0"))
    lab.server.sh(f"sysctl -qw {SETTING}=1")


@scenario(
    outside="tcp.refused", server="host.ipv6-disabled", manual="two ways, and a person chooses"
)
def nginx_listens_on_ipv6_that_is_off(lab: Lab) -> None:
    """nginx does not start: https://github.com/geerlingguy/ansible-role-nginx/issues/183."""
    lab.edit("listen 443 ssl;\n", f"listen 443 ssl;\n  listen [{SERVER6}]:443 ssl;\n")
    lab.stop_nginx()
    turned_off(lab)
    lab.try_to_start_nginx()


@scenario(
    outside="dns.dead-ipv6",
    server="host.ipv6-disabled",
    ipv6=True,
    manual="two ways, and a person chooses",
)
def name_leads_to_ipv6_that_is_off(lab: Lab) -> None:
    """The AAAA record was forgotten: https://github.com/andir/ipv6.watch/issues/45 is alike."""
    turned_off(lab)


@healthy()
def ipv6_is_off_and_nobody_needs_it(lab: Lab) -> None:
    """`listen [::]:443` is allowed all the same."""
    lab.change("listen 443 ssl;\n", "listen 443 ssl;\n  listen [::]:443 ssl;\n")
    turned_off(lab)
