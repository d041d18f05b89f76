from diagnose.model import Applicability, Confidence, Severity
from tests.support.check_evidence import REFUSED, judge
from tests.support.firewall_rules import (
    HTTP,
    HTTPS,
    both,
    connected,
    firewalld,
    host,
    listening,
    nic,
    remedy,
    server,
    zone,
)

REJECT = 'rule family="ipv4" service name="https" reject'
OFFICE = 'rule family="ipv4" source address="198.51.100.0/24" service name="https" drop'


def rejecting(*rules: str, **fields: object):  # type: ignore[no-untyped-def]
    return both("public", HTTP, HTTPS, interfaces=("eth0",), rich_rules=rules, **fields)


def from_a_client(*more, source: str = "198.51.100.10"):  # type: ignore[no-untyped-def]
    observations = (host("ssh://web"), firewalld(), nic(), listening(443), *more)
    return (*observations, connected(failure=REFUSED, source=source))


def test_fires_where_a_rule_rejects_what_the_zone_opens() -> None:
    (claim,) = judge("firewall.rich-rule", *server(*rejecting(REJECT)))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.ERROR)
    assert claim.facts["rule"] == REJECT
    assert remedy(claim) == [
        f"firewall-cmd --zone=public --remove-rich-rule={REJECT}",
        f"firewall-cmd --permanent --zone=public --remove-rich-rule={REJECT}",
    ]


def test_fires_and_opens_the_port_where_the_zone_does_not() -> None:
    zones = both("public", HTTP, interfaces=("eth0",), rich_rules=(REJECT,))
    (claim,) = judge("firewall.rich-rule", *server(*zones))
    assert remedy(claim)[2:] == [
        "firewall-cmd --zone=public --add-service=https",
        "firewall-cmd --permanent --zone=public --add-service=https",
    ]


def test_fires_for_a_rule_that_is_not_written_down() -> None:
    now = zone("public", HTTP, HTTPS, interfaces=("eth0",), rich_rules=(REJECT,))
    later = zone("public", HTTP, permanent=True, interfaces=("eth0",))
    (claim,) = judge("firewall.rich-rule", *server(now, later))
    assert len(remedy(claim)) == 1


def test_fires_with_the_rule_as_the_file_has_it() -> None:
    now = zone("public", HTTPS, HTTP, rich_rules=(REJECT,))
    written = 'rule service name="https" reject family="ipv4"'.replace(' family="ipv4"', "")
    written = written.replace("rule", 'rule priority="0" family="ipv4"', 1)
    later = zone("public", HTTPS, HTTP, permanent=True, rich_rules=(written,))
    (claim,) = judge("firewall.rich-rule", *server(now, later))
    assert remedy(claim)[1].endswith(f"--remove-rich-rule={written}")


def test_fires_once_for_all_ports_and_all_addresses() -> None:
    observations = server(*rejecting("rule reject"), connected("2001:db8:2::10", failure=REFUSED))
    (claim,) = judge("firewall.rich-rule", *observations)
    assert claim.facts["ports"] == ("443/tcp", "80/tcp")


def test_fires_for_the_client_that_a_rule_is_about() -> None:
    (claim,) = judge("firewall.rich-rule", *from_a_client(*rejecting(OFFICE)))
    assert (claim.severity, claim.facts["client"]) == (Severity.ERROR, ("198.51.100.10",))
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_as_a_note_where_it_is_about_others() -> None:
    for observations in (
        server(*rejecting(OFFICE)),
        from_a_client(*rejecting(OFFICE), source="192.0.2.1"),
    ):
        (claim,) = judge("firewall.rich-rule", *observations)
        assert (claim.severity, claim.fix) == (Severity.NOTE, None)
        assert claim.facts["sources"] == ("198.51.100.0/24",)


def test_silent_where_a_rule_accepts_or_is_about_another_port() -> None:
    for rule in (
        'rule service name="https" accept',
        'rule port port="8443" protocol="tcp" reject',
        'rule family="ipv6" reject',
        'rule priority="100" reject',
    ):
        assert not judge("firewall.rich-rule", *server(*rejecting(rule)))


def test_fires_where_the_files_have_the_rule_no_more() -> None:
    now = zone("public", HTTP, HTTPS, interfaces=("eth0",), rich_rules=(REJECT,))
    later = zone("public", HTTP, HTTPS, permanent=True, interfaces=("eth0",))
    assert judge("firewall.rich-rule", *server(now, later))
    assert not judge("firewall.not-reloaded", *server(now, later))
