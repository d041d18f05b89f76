"""What firewalld does with visitors, out of the evidence."""

from checks.firewall._firewalld import FirewalldView, firewalld_view
from diagnose.model import Observation
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import (
    HTTP,
    HTTPS,
    SSH,
    both,
    connected,
    firewalld,
    host,
    ipset,
    nic,
    policies,
    server,
    zone,
)
from tests.support.nat_rules import DNAT, saved

OPEN = both("public", SSH, HTTPS, interfaces=("eth0",))


def rules(*observations: Observation) -> FirewalldView:
    return FirewalldView(evidence(*observations))


def test_the_rules_of_one_run_are_read_once() -> None:
    seen = evidence(*server(*OPEN))
    assert firewalld_view(seen) is firewalld_view(seen)


def test_an_interface_that_the_files_do_not_name_stays_where_it_is() -> None:
    now = zone("web", HTTPS, interfaces=("eth0",))
    later = zone("web", SSH, permanent=True)
    (fate,) = rules(*server(now, later, *both("public", HTTPS))).outcomes(443)
    assert fate.runtime.admits
    assert fate.after_reload is not None
    assert (fate.after_reload.zone_match.zone.name, fate.after_reload.admits) == ("web", False)


def test_a_translated_address_is_the_servers_own_inside() -> None:
    rule = 'rule family="ipv4" destination address="10.0.0.5" port port="443" protocol="tcp" drop'
    zones = both("public", HTTPS, interfaces=("eth0",), rich_rules=(rule,))
    inside = (host("ssh://web"), firewalld(), nic("eth0", "10.0.0.5"), connected())
    (fate,) = rules(*inside, *zones).outcomes(443)
    assert fate.runtime.verdict == "drop"


def test_what_nat_leads_away_meets_no_zone() -> None:
    assert not rules(*server(*OPEN), saved(DNAT)).outcomes(443)
    assert rules(*server(*OPEN), saved("")).outcomes(443)


def test_whether_a_reload_would_take_something_away() -> None:
    assert not rules(*server(*OPEN)).reload_loses_settings()
    assert rules(*server(OPEN[0])).reload_loses_settings()
    assert rules(*server(zone("public", HTTPS, HTTP), OPEN[1])).reload_loses_settings()
    guard, _ = policies("guard", target="DROP")
    assert rules(*server(*OPEN, guard)).reload_loses_settings()
    banned, _ = ipset("banned", "192.0.2.1")
    assert rules(*server(*OPEN, banned)).reload_loses_settings()
    assert rules(*server(*OPEN, direct=("ipv4 filter INPUT 0 -j DROP",))).reload_loses_settings()
