import pytest

from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld import (
    ZoneText,
)
from diagnose.parsers.firewalld.config_files import (
    ipset_entries,
    policy_file,
    zone_file,
)
from tests.support.firewalld_texts import POLICY

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


def test_a_policy_is_read_from_its_file() -> None:
    text = (
        '<policy priority="-10" target="REJECT"><service name="ssh"/>'
        '<port port="444" protocol="tcp"/><ingress-zone name="ANY"/><egress-zone name="HOST"/>'
        '<rule><accept/><service name="https"/></rule></policy>'
    )
    assert policy_file("guard", text) == POLICY
    assert policy_file("guard", "<policy/>").target == "CONTINUE"


def test_a_set_is_read_so_far_as_it_is_there() -> None:
    text = "<ipset><!-- <entry>192.0.2.9</entry> --><entry>192.0.2.0/24</entry><entry>198"
    assert ipset_entries(text) == ("192.0.2.0/24",)
