"""firewalld's files: which of them counts, and what is read from the rest."""

import asyncio

import pytest

from diagnose.model import Failure
from diagnose.model.firewall import PortRange
from diagnose.parsers.firewalld import ServiceText
from diagnose.probes.inside.firewalld_permanent import PermanentConfig, read_files
from tests.support.recorded_machine import RecordedMachine

DENIED = Failure("denied", "Permission denied", 13)
ETC, SHIPPED = "/etc/firewalld", "/usr/lib/firewalld"
PUBLIC = f"{ETC}/zones/public.xml"
HTTPS = f"{SHIPPED}/services/https.xml"


def read(files: dict[str, str | Failure]) -> PermanentConfig:
    return asyncio.run(read_files(RecordedMachine({}, files)))


def port(number: int) -> ServiceText:
    return ServiceText((PortRange(number, number, "tcp"),))


def service(number: int) -> str:
    return f'<service><port protocol="tcp" port="{number}"/></service>'


def test_a_file_of_the_administrator_comes_before_that_of_the_package() -> None:
    config = read(
        {
            PUBLIC: '<zone target="DROP"/>',
            f"{SHIPPED}/zones/public.xml": '<zone target="ACCEPT"/>',
            f"{SHIPPED}/zones/dmz.xml": "<zone/>",
            f"{ETC}/policies/guard.xml": '<policy priority="-5"/>',
            f"{SHIPPED}/policies/guard.xml": '<policy priority="-9"/>',
            f"{ETC}/ipsets/office.xml": "<ipset><entry>192.0.2.0/25</entry></ipset>",
            f"{SHIPPED}/ipsets/office.xml": "<ipset><entry>192.0.2.0/24</entry></ipset>",
            f"{ETC}/services/https.xml": service(8443),
            HTTPS: service(443),
        }
    )
    assert {zone.name: zone.target for zone in config.zones} == {"public": "DROP", "dmz": "default"}
    assert [policy.priority for policy in config.policies] == [-5]
    assert config.ipsets == {"office": ("192.0.2.0/25",)}
    assert config.services["https"] == port(8443)


def test_a_file_that_is_none_of_firewallds_is_passed_over() -> None:
    # firewalld keeps what it replaces as .old, and reads only .xml.
    config = read(
        {
            PUBLIC: "<zone/>",
            f"{PUBLIC}.old": '<zone target="ACCEPT"/>',
            f"{ETC}/zones/half.xml": "<zone",
            f"{ETC}/zones/other.xml": "<policy/>",
            f"{ETC}/zones/empty.xml": "",
            f"{ETC}/policies/half.xml": "\x00",
        }
    )
    assert [(zone.name, zone.target) for zone in config.zones] == [("public", "default")]
    assert config.policies == ()


@pytest.mark.parametrize(
    "path", [f"{ETC}/firewalld.conf", PUBLIC, f"{ETC}/policies/guard.xml", f"{ETC}/ipsets/x.xml"]
)
def test_what_this_user_may_not_read_makes_all_of_it_unreadable(path: str) -> None:
    files: dict[str, str | Failure] = {f"{SHIPPED}/zones/public.xml": "<zone/>", path: DENIED}
    assert read(files) == PermanentConfig(False)


def test_nothing_is_known_where_no_zone_is() -> None:
    assert not read({}).readable
    assert not read({f"{ETC}/firewalld.conf": "DefaultZone=home\n"}).readable


def test_the_default_zone_is_public_where_the_settings_name_none() -> None:
    zones: dict[str, str | Failure] = {PUBLIC: "<zone/>", f"{ETC}/zones/home.xml": "<zone/>"}
    for settings, name in (("", "public"), ("DefaultZone=home\n", "home")):
        config = read(zones | {f"{ETC}/firewalld.conf": settings})
        assert config.default == name
        assert [zone.name for zone in config.zones if zone.default and zone.active] == [name]


def test_a_zone_is_active_by_its_interfaces_and_its_sources() -> None:
    config = read(
        {
            f"{ETC}/zones/lan.xml": '<zone><interface name="eth1"/></zone>',
            f"{ETC}/zones/office.xml": '<zone><source address="192.0.2.0/24"/></zone>',
            f"{ETC}/zones/work.xml": '<zone><service name="ssh"/></zone>',
        }
    )
    assert {zone.name: zone.active for zone in config.zones} == {
        "lan": True, "office": True, "work": False,
    }  # fmt: skip


def test_the_settings_are_read_as_firewalld_reads_them() -> None:
    settings = "# AllowZoneDrifting=no\nAllowZoneDrifting=Yes\nFirewallBackend=NFTables\n"
    config = read({PUBLIC: "<zone/>", f"{ETC}/firewalld.conf": settings})
    assert (config.backend, config.drifting) == ("nftables", True)
    assert not read({PUBLIC: "<zone/>"}).drifting


def test_services_of_zones_and_rules_are_read_and_those_of_a_site_always() -> None:
    rule = '<rule><service name="vpn"/><accept/></rule>'
    config = read({PUBLIC: f'<zone><service name="ssh"/>{rule}</zone>', HTTPS: service(443)})
    assert set(config.services) == {"http", "https", "ssh", "vpn"}
    assert (config.services["https"], config.services["ssh"]) == (port(443), ServiceText())
