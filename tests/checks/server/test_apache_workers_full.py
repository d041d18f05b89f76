from dataclasses import replace

from diagnose.model import Confidence
from diagnose.model.logs import ServerRequestError
from tests.support.check_evidence import judge
from tests.support.tls_evidence import SILENCE, shake
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.apache-workers-full"
FULL = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="workers",
    message="AH00484: server reached MaxRequestWorkers setting",
)


def test_fires_for_handshakes_without_an_answer() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), FULL, shake(failure=SILENCE))
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_a_handshake_succeeds_or_the_log_says_another_thing() -> None:
    assert not judge(CHECK, APACHE, apache_config(), FULL, shake())
    other = replace(FULL, reason="denied")
    assert not judge(CHECK, APACHE, apache_config(), other, shake(failure=SILENCE))
