"""firewalld's words. What Debian 13 prints was recorded in the laboratory
(tests/machine/fixtures)."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld import (
    PolicyText,
    ServiceText,
    ZoneText,
    dbus_output,
    named_services,
    open_ports,
    port_range,
)
from diagnose.parsers.firewalld.cmd_output import (
    configuration,
    info_service,
    list_all_policies,
    list_all_zones,
)
from diagnose.parsers.firewalld.config_files import (
    direct_rules,
    ipset_entries,
    policy_file,
    service_file,
    zone_file,
)
from diagnose.parsers.firewalld.dbus_output import dbus_reply, policy_settings, zone_settings

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

REPLY = """\
method return time=1.5 sender=:1.0 -> destination=:1.30 serial=792 reply_serial=2
   array [
      dict entry(
         string "description"
         variant             string "Says "no".
      )
   string "to
most"
      )
      dict entry(
         string "target"
         variant             string "%%REJECT%%"
      )
      dict entry(
         string "ports"
         variant             array [
               struct {
                  string "443"
                  string "tcp"
               }
            ]
      )
      dict entry(
         string "forward_ports"
         variant             array [
               struct {
                  string "80"
                  string "tcp"
                  string "8080"
                  string ""
               }
            ]
      )
      dict entry(
         string "rules_str"
         variant             array [
               string "rule service name="https" accept"
               string "rule port port="444" protocol="tcp" accept"
            ]
      )
      dict entry(
         string "masquerade"
         variant             boolean false
      )
      dict entry(
         string "ingress_priority"
         variant             int32 -5
      )
      dict entry(
         string "sources"
         variant             array [
            ]
      )
   ]
"""

RULES = """\
<?xml version="1.0" encoding="utf-8"?>
<zone target="DROP">
  <short>Mine</short>
  <!-- <service name="https"/> -->
  <interface name="eth0"/>
  <source address="198.51.100.0/24"/>
  <source ipset="office"/>
  <port protocol="tcp" port="8000-8010"/>
  <protocol value="udp"/>
  <forward-port port="80" protocol="tcp" to-port="8080"/>
  <rule family="ipv4" priority="-5">
    <source address="198.51.100.0/24" invert="True"/>
    <service name="https"/>
    <log prefix="x" level="info"><limit value="3/m" burst="0"/></log>
    <accept/>
  </rule>
</zone>
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


def test_a_reply_of_the_bus_is_read_whatever_stands_in_its_strings() -> None:
    settings = dbus_reply(REPLY)
    assert settings["masquerade"] is False
    assert settings["ingress_priority"] == -5
    assert zone_settings("mine", settings) == ZoneText(
        "mine",
        target="%%REJECT%%",
        priority=-5,
        ports=(HTTPS,),
        rich_rules=(
            'rule service name="https" accept',
            'rule port port="444" protocol="tcp" accept',
        ),
        forward_ports=("port=80:proto=tcp:toport=8080:toaddr=",),
    )


def test_an_error_of_the_bus_is_no_value() -> None:
    with pytest.raises(ValueError, match="UnknownMethod"):
        dbus_reply("Error org.freedesktop.DBus.Error.UnknownMethod: no such method\n")


@given(st.text(st.sampled_from('array [\n])(dict entry("stringvariant {}struct 12 boolean true')))
def test_no_reply_breaks_it(text: str) -> None:
    with contextlib.suppress(ValueError):
        dbus_reply("method return\n" + text)


def test_a_zone_file_is_read_as_firewall_cmd_would_list_it() -> None:
    assert zone_file("mine", RULES) == ZoneText(
        "mine",
        target="DROP",
        interfaces=("eth0",),
        sources=("198.51.100.0/24", "ipset:office"),
        ports=(PortRange(8000, 8010, "tcp"), PortRange(0, 65535, "udp")),
        rich_rules=(
            'rule priority="-5" family="ipv4" source NOT address="198.51.100.0/24" '
            'service name="https" log prefix="x" level="info" limit value="3/m" accept',
        ),
        forward_ports=("port=80:proto=tcp:toport=8080:toaddr=",),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<zone>",
        "<service/>",
        '<!DOCTYPE z [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><zone><short>&b;</short></zone>',
    ],
)
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        zone_file("mine", text)


def test_services_open_what_they_include() -> None:
    known = {
        "site": service_file(
            '<service><port port="8443" protocol="tcp"/><include service="https"/></service>'
        ),
        "https": ServiceText((HTTPS,), ("site",)),
    }
    assert open_ports((), ["site", "unknown"], known) == (PortRange(8443, 8443, "tcp"), HTTPS)


def test_a_service_is_read_from_firewall_cmd() -> None:
    text = "https\n  ports: 443/tcp 443/udp\n  protocols: \n  includes: http\n"
    assert info_service(text) == ServiceText((HTTPS, PortRange(443, 443, "udp")), ("http",))


def test_ports() -> None:
    assert port_range("8000-8010", "tcp") == PortRange(8000, 8010, "tcp")
    assert port_range("https", "tcp") is None


def test_configuration_and_direct_rules() -> None:
    assert configuration("# x\nDefaultZone=work\nFirewallBackend = nftables\n") == {
        "DefaultZone": "work",
        "FirewallBackend": "nftables",
    }
    rule = '<rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-p tcp -j ACCEPT</rule>'
    assert direct_rules(f"<direct>{rule}</direct>") == ("ipv4 filter INPUT 0 -p tcp -j ACCEPT",)


POLICY = PolicyText(
    "guard",
    target="REJECT",
    priority=-10,
    ingress=("ANY",),
    egress=("HOST",),
    services=("ssh",),
    ports=(PortRange(444, 444, "tcp"),),
    rich_rules=('rule service name="https" accept',),
)


def test_a_policy_is_read_from_the_bus() -> None:
    settings = {
        "target": "REJECT",
        "services": ["ssh"],
        "ports": [("444", "tcp")],
        "priority": -10,
        "ingress_zones": ["ANY"],
        "egress_zones": ["HOST"],
        "rich_rules": ['rule service name="https" accept'],
    }
    assert policy_settings("guard", settings) == POLICY
    with pytest.raises(ValueError, match="policy"):
        policy_settings("guard", [])


def test_a_policy_is_read_from_its_file() -> None:
    text = (
        '<policy priority="-10" target="REJECT"><service name="ssh"/>'
        '<port port="444" protocol="tcp"/><ingress-zone name="ANY"/><egress-zone name="HOST"/>'
        '<rule><accept/><service name="https"/></rule></policy>'
    )
    assert policy_file("guard", text) == POLICY
    assert policy_file("guard", "<policy/>").target == "CONTINUE"


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


def test_the_services_that_zones_and_policies_name() -> None:
    zone = ZoneText("public", services=("http",), rich_rules=('rule service name="ftp" drop',))
    assert named_services(zone, POLICY) == {"http", "ftp", "ssh", "https"}


def test_a_set_is_read_so_far_as_it_is_there() -> None:
    text = "<ipset><!-- <entry>192.0.2.9</entry> --><entry>192.0.2.0/24</entry><entry>198"
    assert ipset_entries(text) == ("192.0.2.0/24",)


def test_direct_rules_are_those_for_what_comes_in() -> None:
    rules = [
        ("ipv4", "filter", "INPUT", 0, ["-p", "tcp", "--dport", "443", "-j", "ACCEPT"]),
        ("ipv4", "filter", "OUTPUT", 0, ["-j", "DROP"]),
    ]
    through = [("ipv4", ["-I", "INPUT", "-p", "tcp"]), ("ipv4", ["-I", "FORWARD"])]
    assert dbus_output.direct_rules(rules, through) == (
        "ipv4 filter INPUT 0 -p tcp --dport 443 -j ACCEPT",
        "passthrough ipv4 -I INPUT -p tcp",
    )
    text = (
        '<direct><rule ipv="ipv4" table="filter" chain="OUTPUT" priority="0">-j DROP</rule>'
        '<passthrough ipv="ipv4">-I INPUT -p tcp</passthrough></direct>'
    )
    assert direct_rules(text) == ("passthrough ipv4 -I INPUT -p tcp",)
