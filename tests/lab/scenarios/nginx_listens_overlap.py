"""nginx is in its own way: two of its listen lines ask for one port. `nginx -t` passes."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

BOTH = "  listen [::]:80 ipv6only=off;\n"
TLS = "  listen [::]:443 ssl ipv6only=off;\n"
#: The line for IPv6 stays, as it was meant.
DIFFERS = ("listeners", site.CONF, "/etc/nginx/conf.d/other.conf")


def _start_in_vain(lab: Lab) -> None:
    lab.stop_nginx()
    lab.try_to_start_nginx()


@scenario(outside="tcp.refused", server="nginx.listens-overlap", differs=DIFFERS)
def ipv6_takes_ipv4_on_both_ports(lab: Lab) -> None:
    """After https://chrisjean.com/fix-nginx-emerg-bind-to-80-failed-98-address-already-in-use/:
    "bind() to [::]:80 failed (98: Address already in use)", and no program has the port."""
    lab.edit("  listen 80;\n", f"  listen 80;\n{BOTH}")
    lab.edit("  listen 443 ssl;\n", f"  listen 443 ssl;\n{TLS}")
    _start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.listens-overlap", differs=DIFFERS)
def ipv6_takes_ipv4_and_another_block_has_ipv6_alone(lab: Lab) -> None:
    """The site's own block listens on IPv6 alone and relied on the option of the other: with the
    option out, it gets a line for IPv4."""
    other = f"server {{\n  listen 80;\n{BOTH}  server_name other.example.com;\n  return 404;\n}}\n"
    lab.server.write("/etc/nginx/conf.d/other.conf", other)
    lab.edit("  listen 80;\n", "  listen [::]:80;\n")
    _start_in_vain(lab)


@scenario(outside="tcp.refused", server="nginx.listens-overlap", differs=DIFFERS)
def an_address_with_a_backlog_beside_all_addresses(lab: Lab) -> None:
    lab.edit("  listen 443 ssl;\n", "  listen 443 ssl;\n  listen 127.0.0.1:443 ssl backlog=1024;\n")
    _start_in_vain(lab)


@healthy()
def one_line_of_ipv6_takes_both_families(lab: Lab) -> None:
    """Healthy: no other line wants IPv4."""
    lab.edit("  listen 80;\n", BOTH)
    lab.edit("  listen 443 ssl;\n", TLS)
    lab.restart_nginx()
