from dataclasses import replace

from diagnose.model import Confidence, Failure
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, attempt, config, page

CHECK = "server.haproxy-server-timeout"
WAITS = config(TEXT.replace("    mode http\n", "    mode http\n    timeout server 2s\n"))
SILENT = replace(attempt(status=None), failure=Failure("timeout", "timed out"), took=3.0)


def test_fires_with_the_line_of_the_timeout() -> None:
    (claim,) = judge(CHECK, SERVER, WAITS, page(504), SILENT)
    assert claim.facts["timeout"] == "2s"
    assert claim.facts["place"] == "/etc/haproxy/haproxy.cfg:5"
    assert claim.confidence is Confidence.CERTAIN


def test_fires_less_certainly_when_the_application_is_quick_now() -> None:
    (claim,) = judge(CHECK, SERVER, WAITS, page(504), attempt())
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_the_504_is_the_applications_own() -> None:
    assert not judge(CHECK, SERVER, WAITS, page(504), attempt(status=504))
    assert not judge(CHECK, SERVER, WAITS, page(503), SILENT)
