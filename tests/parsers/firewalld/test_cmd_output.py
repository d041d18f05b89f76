from pathlib import Path

from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld import (
    ZoneText,
)
from diagnose.parsers.firewalld.cmd_output import (
    list_all_policies,
    list_all_zones,
)
from tests.support.firewalld_texts import POLICY

RECORDED = Path(__file__).parents[2] / "machine" / "fixtures" / "debian-13"

HTTPS = PortRange(443, 443, "tcp")

LISTED = """\
dmz
  target: default
  services: ssh
  ports:

public (default, active)
  target: DROP
  icmp-block-inversion: no
  interfaces: eth0 eth1
  sources: 198.51.100.0/24
  services: http https
  ports: 8000-8010/tcp 443/udp
  protocols: tcp
  forward-ports: port=81:proto=tcp:toport=8081:toaddr=
\tport=82:proto=tcp:toport=8082:toaddr=
  source-ports:
  rich rules:
\trule family="ipv4" source address="203.0.113.5" reject
\trule service name="https" accept
"""


def test_a_list_of_zones_is_read_with_its_continued_lines() -> None:
    dmz, public = list_all_zones(LISTED)
    assert dmz == ZoneText("dmz", services=("ssh",))
    assert public == ZoneText(
        "public",
        target="DROP",
        active=True,
        default=True,
        interfaces=("eth0", "eth1"),
        sources=("198.51.100.0/24",),
        services=("http", "https"),
        ports=(
            PortRange(8000, 8010, "tcp"),
            PortRange(443, 443, "udp"),
            PortRange(0, 65535, "tcp"),
        ),
        rich_rules=(
            'rule family="ipv4" source address="203.0.113.5" reject',
            'rule service name="https" accept',
        ),
        forward_ports=(
            "port=81:proto=tcp:toport=8081:toaddr=",
            "port=82:proto=tcp:toport=8082:toaddr=",
        ),
    )


def test_the_recorded_list_is_read() -> None:
    zones = list_all_zones((RECORDED / "commands" / "list-all-zones").read_text())
    assert [zone.name for zone in zones] == ["block", "dmz", "public"]
    assert zones[0].target == "%%REJECT%%"
    assert zones[2].services == ("http", "https", "ssh")


def test_a_policy_is_read_from_firewall_cmd() -> None:
    text = """\
guard (active)
  priority: -10
  target: REJECT
  ingress-zones: ANY
  egress-zones: HOST
  services: ssh
  ports: 444/tcp
  protocols:
  rich rules:
\trule service name="https" accept
"""
    assert list_all_policies(text) == (POLICY,)
