"""host.ttl-too-low: when it fires, and when it is silent."""

from diagnose.model import Severity, Vantage
from diagnose.model.kernel import Kernel
from tests.support.check_evidence import judge

CHECK = "host.ttl-too-low"


def test_fires_and_is_worse_where_hardly_anybody_is_reached() -> None:
    (claim,) = judge(CHECK, Kernel(vantage=Vantage.SERVER, ttl=1))
    assert (claim.facts["ttl"], claim.severity) == (1, Severity.ERROR)
    (claim,) = judge(CHECK, Kernel(vantage=Vantage.SERVER, ttl=20))
    assert claim.severity is None


def test_silent_at_usual_values() -> None:
    for ttl in (32, 64, 128, 255, None):
        assert not judge(CHECK, Kernel(vantage=Vantage.SERVER, ttl=ttl))
