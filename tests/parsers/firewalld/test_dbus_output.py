import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld import (
    ZoneText,
    dbus_output,
)
from diagnose.parsers.firewalld.config_files import (
    direct_rules,
)
from diagnose.parsers.firewalld.dbus_output import dbus_reply, policy_settings, zone_settings
from tests.support.firewalld_texts import POLICY

HTTPS = PortRange(443, 443, "tcp")

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
