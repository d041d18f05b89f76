import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.model import Applicability, Claim, Edit, Host, Manual, Severity, Vantage
from diagnose.model.dns import DnsAnswer, HostsEntry, OtherMachine, Resolution
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection
from diagnose.model.tls import Certificate, Handshake
from tests.support.check_evidence import NOW, REFUSED, TIMEOUT, judge

LINE = HostsEntry(
    file="/etc/hosts",
    line=2,
    text="203.0.113.77 shop.example.com",
    address="203.0.113.77",
    names=("shop.example.com",),
)
SYSTEM = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.77",))
DNS = DnsAnswer(
    name="shop.example.com",
    rdtype="A",
    server="198.51.100.1",
    rcode="NOERROR",
    records=("203.0.113.10",),
)
DEAD = Connection(address="203.0.113.77", port=443, family=4, failure=TIMEOUT)
LEAF = Certificate("CN=other", "CN=ca", "01", NOW, NOW, "00", dns_names=("other.example.net",))
OTHER = Handshake(address="203.0.113.77", port=443, chain=(LEAF,))


def test_fires_when_the_files_address_is_another_and_dead() -> None:
    (claim,) = judge("dns.hosts-override", LINE, SYSTEM, DNS, DEAD)
    assert claim.severity is None
    assert claim.facts["dns"] == ("203.0.113.10",)
    assert claim.location is not None
    assert claim.location.line == 2


def test_fires_when_the_files_address_is_another_site() -> None:
    alive = replace(DEAD, failure=None)
    (claim,) = judge("dns.hosts-override", LINE, SYSTEM, DNS, alive, OTHER)
    assert claim.severity is None


def test_fires_when_another_machine_answers_there_with_another_page() -> None:
    alive = replace(DEAD, failure=None)
    machine = OtherMachine(
        url="https://shop.example.com/",
        address="203.0.113.77",
        port=443,
        own_address="203.0.113.10",
        differs="title",
    )
    (claim,) = judge("dns.hosts-override", LINE, SYSTEM, DNS, alive, machine)
    assert claim.severity is None
    assert claim.facts["other"]


def test_fires_once_for_all_lines() -> None:
    six = replace(LINE, line=3, address="2001:db8::77", text="2001:db8::77 shop.example.com")
    system = replace(SYSTEM, family=6, addresses=("2001:db8::77",))
    dead = replace(DEAD, address="2001:db8::77", family=6)
    dns = replace(DNS, rdtype="AAAA", records=())
    (claim,) = judge("dns.hosts-override", LINE, six, SYSTEM, system, DNS, dns, DEAD, dead)
    assert claim.facts["addresses"] == ("203.0.113.77", "2001:db8::77")


def test_silent_but_for_a_note_when_it_leads_to_the_same_place() -> None:
    same = replace(LINE, address="203.0.113.10")
    system = replace(SYSTEM, addresses=("203.0.113.10",))
    dead = replace(DEAD, address="203.0.113.10")
    (claim,) = judge("dns.hosts-override", same, system, DNS, dead)
    assert claim.severity is Severity.NOTE


def test_silent_but_for_a_note_when_the_site_works_there() -> None:
    ours = replace(OTHER, chain=(replace(LEAF, dns_names=("*.example.com",)),))
    alive = replace(DEAD, failure=None)
    (claim,) = judge("dns.hosts-override", LINE, SYSTEM, DNS, alive, ours)
    assert claim.severity is Severity.NOTE


def test_silent_but_for_a_note_on_the_server_itself() -> None:
    line = replace(LINE, address="127.0.0.1", text="127.0.0.1 shop.example.com", mine=True)
    system = replace(SYSTEM, addresses=("127.0.0.1",))
    refused = replace(DEAD, address="127.0.0.1", failure=REFUSED)
    name = Directive("server_name", ("shop.example.com",), "/etc/nginx/nginx.conf", 3)
    server = Directive("server", (), "/etc/nginx/nginx.conf", 1, (name,))
    config = NginxConfig(path="/etc/nginx/nginx.conf", main=(server,), vantage=Vantage.SERVER)
    here = Host(hostname="server", vantage=Vantage.SERVER)
    (claim,) = judge("dns.hosts-override", line, system, DNS, refused, config, here)
    assert claim.severity is Severity.NOTE


def test_fires_when_loopback_is_not_the_server() -> None:
    line = replace(LINE, address="127.0.0.1", text="127.0.0.1 shop.example.com", mine=True)
    system = replace(SYSTEM, addresses=("127.0.0.1",))
    refused = replace(DEAD, address="127.0.0.1", failure=REFUSED)
    (claim,) = judge("dns.hosts-override", line, system, DNS, refused)
    assert claim.severity is None
    name = Directive("server_name", ("shop.example.com",), "/etc/nginx/nginx.conf", 3)
    config = NginxConfig(path="/etc/nginx/nginx.conf", main=(name,), vantage=Vantage.SERVER)
    far = Host(hostname="server", via="ssh://root@server", vantage=Vantage.SERVER)
    (claim,) = judge("dns.hosts-override", line, system, DNS, refused, config, far)
    assert claim.severity is None


def test_silent_but_for_a_note_when_dns_did_not_say() -> None:
    (claim,) = judge("dns.hosts-override", LINE, SYSTEM, replace(DNS, failure=TIMEOUT), DEAD)
    assert claim.severity is Severity.NOTE


def test_silent_when_the_system_does_not_use_the_line() -> None:
    assert not judge("dns.hosts-override", LINE, replace(SYSTEM, addresses=("203.0.113.10",)), DNS)


def edit_of(claim: Claim) -> Edit:
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Edit)
    return step


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("203.0.113.77 shop.example.com\n", ""),
        ("203.0.113.77 shop.example.com", ""),
        ("203.0.113.77 shop.example.com other # old\n", "203.0.113.77 other # old\n"),
        ("203.0.113.77\twww.example.net Shop.Example.com\n", "203.0.113.77\twww.example.net\n"),
        ("203.0.113.77 myshop.example.com shop.example.com\n", "203.0.113.77 myshop.example.com\n"),
    ],
)  # fmt: skip
def test_fires_with_an_edit_that_patch_applies(tmp_path: Path, before: str, after: str) -> None:
    entry = replace(LINE, text=before.rstrip("\n"), ended=before.endswith("\n"))
    (claim,) = judge("dns.hosts-override", entry, SYSTEM, DNS, DEAD)
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{before}")
    subprocess.run(["patch", "-s", str(hosts)], input=edit_of(claim).diff, text=True, check=True)
    assert hosts.read_text() == f"127.0.0.1 localhost\n{after}"


def test_fires_with_one_edit_for_two_lines(tmp_path: Path) -> None:
    second = replace(LINE, line=3, text="203.0.113.77 shop.example.com www", ended=False)
    (claim,) = judge("dns.hosts-override", LINE, second, SYSTEM, DNS, DEAD)
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{LINE.text}\n{second.text}")
    subprocess.run(["patch", "-s", str(hosts)], input=edit_of(claim).diff, text=True, check=True)
    assert hosts.read_text() == "127.0.0.1 localhost\n203.0.113.77 www"


def test_fires_and_may_be_taken_out_by_a_program_on_the_sites_own_server() -> None:
    name = Directive("server_name", ("shop.example.com",), "/etc/nginx/nginx.conf", 3)
    config = NginxConfig(path="/etc/nginx/nginx.conf", main=(name,), vantage=Vantage.SERVER)
    here = Host(hostname="server", vantage=Vantage.SERVER)
    own = Interface(name="eth0", up=True, addresses=("203.0.113.10/24",), vantage=Vantage.SERVER)
    other = replace(own, addresses=("203.0.113.99/24",))
    observations = (LINE, SYSTEM, DNS, DEAD)
    (claim,) = judge("dns.hosts-override", *observations, config, here, own)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    for less in ((config, own), (here, own), (config, here), (config, here, other)):
        (claim,) = judge("dns.hosts-override", *observations, *less)
        assert claim.fix
        assert claim.fix.applicability is Applicability.REVIEW


def test_silent_but_for_a_note_where_the_file_is_the_only_source() -> None:
    """A name of a company's own network: DNS has no address, and nothing replaces the line."""
    for dns in (replace(DNS, rcode="NXDOMAIN", records=()), replace(DNS, records=())):
        (claim,) = judge("dns.hosts-override", LINE, SYSTEM, dns, DEAD)
        assert claim.severity is Severity.NOTE
        assert claim.fix is None


def test_fires_without_an_edit_for_the_machines_own_name() -> None:
    line = replace(LINE, address="127.0.1.1", text="127.0.1.1 shop.example.com shop", mine=True)
    system = replace(SYSTEM, addresses=("127.0.1.1",))
    refused = replace(DEAD, address="127.0.1.1", failure=REFUSED)
    (claim,) = judge("dns.hosts-override", line, system, DNS, refused)
    assert claim.fix is not None
    assert [type(step) for step in claim.fix.steps] == [Manual]
