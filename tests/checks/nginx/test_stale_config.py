"""What an error of the configuration on disk means for visitors."""

import pytest

from checks.nginx import Nginx
from checks.nginx._stale_config import refused_config_severity
from diagnose.model import Observation, Severity
from diagnose.model.tls import Handshake
from tests.support.check_evidence import REFUSED, evidence
from tests.support.firewall_rules import connected, listening
from tests.support.nginx_evidence import RUNNING, STOPPED, config

FAILED = Handshake(address="203.0.113.10", port=443, failure=REFUSED)


def severity(*observations: Observation) -> Severity | None:
    return refused_config_severity(Nginx.of(evidence(config(), *observations)))


def test_visitors_are_served_by_what_was_loaded_before() -> None:
    assert severity(RUNNING) is Severity.WARNING
    assert severity(RUNNING, listening(80, 443), connected()) is Severity.WARNING


@pytest.mark.parametrize(
    "observations",
    [
        (STOPPED,),
        (RUNNING, listening(80)),
        (RUNNING, connected(failure=REFUSED)),
        (RUNNING, FAILED),
    ],
)
def test_visitors_are_not_served(observations: tuple[Observation, ...]) -> None:
    assert severity(*observations) is None
