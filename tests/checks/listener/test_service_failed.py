from dataclasses import replace

from diagnose.model import Applicability, Confidence
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import LISTENING

CHECK = "listener.service-failed"
NOBODY = Listeners()
FAILURE = ServiceFailure(
    unit="shop",
    state="failed",
    user="www-data",
    reason="port-permission",
    message="Error: listen EACCES: permission denied 0.0.0.0:443",
)
KEY = replace(FAILURE, reason="file-permission", file="/etc/app/key.pem")


def test_fires_for_a_port_that_the_user_may_not_open() -> None:
    (claim,) = judge(CHECK, NOBODY, FAILURE)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["port-permission"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_care_for_a_key_that_may_not_be_read() -> None:
    (claim,) = judge(CHECK, NOBODY, KEY)
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(CHECK, NOBODY, KEY, FAILURE)
    assert claim.facts["port-permission"], "the port is surer"


def test_silent_when_somebody_listens_or_it_may_be_either() -> None:
    assert not judge(CHECK, LISTENING, FAILURE)
    assert not judge(CHECK, NOBODY, KEY, replace(KEY, unit="mail"))
