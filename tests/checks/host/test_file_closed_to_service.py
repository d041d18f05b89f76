"""host.file-closed-to-service: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Failure
from diagnose.model.tcp import Connection
from tests.support.check_evidence import judge

OPEN = Connection(address="192.0.2.1", family=4, port=443)
FAILED = replace(OPEN, failure=Failure("refused", "Connection refused", 111))


def test_fires_on_what_is_wrong() -> None:
    (claim,) = judge("host.file-closed-to-service", FAILED)
    assert claim.because == (FAILED,)


def test_silent_on_a_healthy_site() -> None:
    assert not judge("host.file-closed-to-service", OPEN)
