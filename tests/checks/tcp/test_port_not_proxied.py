from dataclasses import replace

import pytest

from diagnose.model import Failure
from diagnose.model.tcp import Connection
from tests.support.check_evidence import SHOP, judge

CHECK = "tcp.port-not-proxied"
SILENT = Connection(
    address="104.16.1.1", port=3000, family=4, failure=Failure("timeout", "timed out")
)
TARGET = replace(SHOP, port=3000)


def test_fires_once_for_all_addresses_and_names_the_ports() -> None:
    other = replace(SILENT, address="2606:4700::1")
    (claim,) = judge(CHECK, SILENT, other, target=TARGET, masked=False)
    assert claim.facts["addresses"] == ("104.16.1.1", "2606:4700::1")
    assert 8443 in claim.facts["ports"]  # type: ignore[operator]


@pytest.mark.parametrize("port", [443, 8443])
def test_silent_on_a_port_that_is_passed_on(port: int) -> None:
    observation = replace(SILENT, port=port)
    assert not judge(CHECK, observation, target=replace(SHOP, port=port), masked=False)


def test_silent_for_other_addresses_and_open_ports() -> None:
    elsewhere = replace(SILENT, address="203.0.113.10")
    assert not judge(CHECK, elsewhere, target=TARGET, masked=False)
    assert not judge(CHECK, elsewhere, SILENT, target=TARGET, masked=False)
    assert not judge(CHECK, replace(SILENT, failure=None), target=TARGET, masked=False)
