from checks.firewall._visitors import client_attempts
from tests.support.check_evidence import evidence
from tests.support.firewall_rules import (
    connected,
    firewalld,
    host,
)


def test_a_client_is_known_by_the_address_that_the_server_sees() -> None:
    near = connected(source="192.168.1.5")
    far = connected("2001:db8:2::10", source="2001:db8:1::10")
    daemon = firewalld(caller="198.51.100.10")
    known = client_attempts(evidence(host("ssh://web"), daemon, near, far))
    assert list(known) == ["198.51.100.10", "2001:db8:1::10"]
    assert not client_attempts(evidence(host(), daemon, near))
