"""firewalld's words. What Debian 13 prints was recorded in the laboratory
(tests/machine/fixtures)."""

from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld import (
    ServiceText,
    ZoneText,
    named_services,
    open_ports,
    port_range,
)
from diagnose.parsers.firewalld.cmd_output import (
    configuration,
)
from diagnose.parsers.firewalld.config_files import (
    direct_rules,
    service_file,
)
from tests.support.firewalld_texts import POLICY

HTTPS = PortRange(443, 443, "tcp")


def test_services_open_what_they_include() -> None:
    known = {
        "site": service_file(
            '<service><port port="8443" protocol="tcp"/><include service="https"/></service>'
        ),
        "https": ServiceText((HTTPS,), ("site",)),
    }
    assert open_ports((), ["site", "unknown"], known) == (PortRange(8443, 8443, "tcp"), HTTPS)


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


def test_the_services_that_zones_and_policies_name() -> None:
    zone = ZoneText("public", services=("http",), rich_rules=('rule service name="ftp" drop',))
    assert named_services(zone, POLICY) == {"http", "ftp", "ssh", "https"}
