"""upstream.servers-differ: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Manual
from tests.support.check_evidence import judge
from tests.support.upstreams import proxied, tried

CHECK = "upstream.servers-differ"
GROUP = proxied("http://shop", "upstream shop { server 127.0.0.1:3000; server 127.0.0.1:3001; }\n")
SERVES = tried("http://shop", asked=True, status=200)
MISSES = tried("http://shop", port=3001, asked=True, status=404)


@pytest.mark.parametrize("status", [404, 410, 500, 503])
def test_fires_where_one_has_the_page_and_another_has_not(status: int) -> None:
    (claim,) = judge(CHECK, GROUP, SERVES, replace(MISSES, status=status))
    assert claim.facts["failing"] == (f"127.0.0.1:3001 ({status})",)
    is_certain = claim.confidence is Confidence.CERTAIN
    assert is_certain is (status < 500), "asked once, either may fail at times"
    assert str(claim.about) == "127.0.0.1:3001"
    assert claim.facts["command"] == "ss -ltnp 'sport = :3001'"
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    assert "server 127.0.0.1:3000; server 127.0.0.1:3001 down;" in str(step.commands[0])


@pytest.mark.parametrize(
    "observations",
    [
        (SERVES, replace(MISSES, status=302)),
        (SERVES, replace(MISSES, status=403)),
        (SERVES, replace(MISSES, backup=True)),
        (replace(SERVES, status=404), MISSES),
        (SERVES, replace(MISSES, asked=False, status=None)),
    ],
    ids=["a redirect", "who may come in", "a spare one", "nobody has it", "not asked"],
)
def test_silent_when(observations: tuple[object, ...]) -> None:
    assert not judge(CHECK, GROUP, *observations)  # type: ignore[arg-type]
