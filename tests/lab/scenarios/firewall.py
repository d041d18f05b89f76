"""firewalld is in the way, or looks as if it were."""

from ..lab import Lab
from ..scenario import healthy, scenario

SERVICE = """\
<?xml version="1.0" encoding="utf-8"?>
<service>
  <short>HTTPS</short>
  <port port="8443" protocol="tcp"/>
</service>
"""
REDEFINED = "/etc/firewalld/services/https.xml"
ZONE = "/etc/firewalld/zones/public.xml"


def permanently(lab: Lab, *changes: str) -> None:
    """Written down; the running firewall does not hear of it."""
    for change in changes:
        lab.server.run(["firewall-cmd", "--permanent", *change.split()], check=True)


def firewalld(lab: Lab, *changes: str) -> None:
    """Written down and loaded."""
    permanently(lab, *changes)
    lab.server.run(["firewall-cmd", "--reload"], check=True)


def now(lab: Lab, *changes: str) -> None:
    """In the running firewall only."""
    for change in changes:
        lab.server.run(["firewall-cmd", *change.split()], check=True)


@scenario(outside="tcp.rejected-by-host", server="firewall.port-closed")
def https_closed_in_firewalld(lab: Lab) -> None:
    """443 is closed in firewalld's public zone, permanently and now."""
    firewalld(lab, "--zone=public --remove-service=https")


@scenario(outside="tcp.rejected-by-host", server="firewall.port-closed", differs=(ZONE, "rules"))
def only_udp_is_open(lab: Lab) -> None:
    """443/udp was opened for HTTP/3, 443/tcp was not."""
    firewalld(lab, "--zone=public --remove-service=https", "--zone=public --add-port=443/udp")


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.port-closed",
    differs=(ZONE, REDEFINED, "rules"),
)
def service_https_means_8443(lab: Lab) -> None:
    """Somebody redefined the service https as 8443."""
    lab.server.write(REDEFINED, SERVICE)
    firewalld(lab)


@scenario(outside="tcp.timeout", server="firewall.port-closed", differs=(ZONE, "rules"))
def zone_drops_what_it_does_not_know(lab: Lab) -> None:
    """The zone's target is DROP and https is not in it."""
    firewalld(lab, "--zone=public --remove-service=https", "--zone=public --set-target=DROP")


@scenario(outside="tcp.rejected-by-host", server="firewall.port-closed", ipv6=True)
def https_closed_for_both_families(lab: Lab) -> None:
    """443 is closed, and the site has IPv6 too."""
    firewalld(lab, "--zone=public --remove-service=https")


@scenario(outside="tcp.rejected-by-host", server="firewall.not-reloaded")
def opened_permanently_and_not_reloaded(lab: Lab) -> None:
    """firewall-cmd said success, and nothing changed."""
    firewalld(lab, "--zone=public --remove-service=https")
    permanently(lab, "--zone=public --add-service=https")


@scenario(outside=None, server="firewall.not-permanent")
def opened_until_the_next_boot(lab: Lab) -> None:
    """443 is open now and closed in the permanent configuration."""
    permanently(lab, "--zone=public --remove-service=https")


@scenario(outside=None, server="firewall.not-permanent", differs=(ZONE, "rules"))
def port_opened_until_the_next_boot(lab: Lab) -> None:
    """443/tcp was opened as a port, without --permanent."""
    firewalld(lab, "--zone=public --remove-service=https")
    now(lab, "--zone=public --add-port=443/tcp")


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.wrong-zone",
    differs=(ZONE, "/etc/firewalld/zones/internal.xml", "rules"),
)
def interface_in_the_internal_zone(lab: Lab) -> None:
    """https is open in public; the interface is in internal."""
    firewalld(lab, "--zone=internal --change-interface=eth0")


@scenario(
    outside="tcp.timeout",
    server="firewall.wrong-zone",
    both="tcp.timeout",  # SSH is dropped as well
    differs=(ZONE, "/etc/firewalld/zones/drop.xml", "rules"),
)
def interface_in_the_drop_zone(lab: Lab) -> None:
    """https is open in public; the interface is in drop."""
    firewalld(lab, "--zone=drop --change-interface=eth0")


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.wrong-zone",
    differs=(ZONE, "/etc/firewalld/zones/external.xml", "/etc/firewalld/firewalld.conf", "rules"),
)
def default_zone_is_another(lab: Lab) -> None:
    """https is open in public; the interface falls into the default zone, external."""
    permanently(lab, "--zone=public --remove-interface=eth0")
    now(lab, "--set-default-zone=external", "--reload")


@healthy()
def port_instead_of_service(lab: Lab) -> None:
    """443/tcp is open as a port."""
    firewalld(lab, "--zone=public --remove-service=https", "--zone=public --add-port=443/tcp")


@healthy()
def port_range(lab: Lab) -> None:
    """443 lies in an open range."""
    firewalld(lab, "--zone=public --remove-service=https", "--zone=public --add-port=400-500/tcp")


@healthy()
def rich_rule_opens_443(lab: Lab) -> None:
    """A rich rule accepts 443."""
    zone = "firewall-cmd --permanent --zone=public"
    rule = 'rule family="ipv4" port port="443" protocol="tcp" accept'
    lab.server.sh(f"{zone} --remove-service=https; {zone} --add-rich-rule='{rule}'")
    firewalld(lab)


@healthy()
def zone_drops_the_rest(lab: Lab) -> None:
    """Target DROP, and https is in the zone."""
    firewalld(lab, "--zone=public --set-target=DROP")


@healthy()
def zone_accepts_everything(lab: Lab) -> None:
    """Target ACCEPT, and https is not in the zone."""
    firewalld(lab, "--zone=public --set-target=ACCEPT", "--zone=public --remove-service=https")


@healthy()
def interface_in_the_trusted_zone(lab: Lab) -> None:
    """Everything is open there."""
    firewalld(lab, "--zone=trusted --change-interface=eth0")


@healthy()
def firewalld_is_not_running(lab: Lab) -> None:
    """No firewall at all: the security group does it."""
    lab.firewalld.stop()
    lab.server.sh("nft flush ruleset")
