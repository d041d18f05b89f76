"""http.unsafe-port: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Failure
from tests.support.check_evidence import SHOP, judge
from tests.support.upstream_evidence import page

CHECK = "http.unsafe-port"


@pytest.mark.parametrize("port", [22, 6000, 6666, 10080])
def test_fires_on_a_port_that_browsers_block(port: int) -> None:
    (claim,) = judge(CHECK, replace(page(200), port=port), target=replace(SHOP, port=port))
    assert claim.facts["port"] == port


@pytest.mark.parametrize("port", [80, 443, 3000, 8080, 8443, 6443])
def test_silent_on_another_port(port: int) -> None:
    assert not judge(CHECK, replace(page(200), port=port), target=replace(SHOP, port=port))


def test_silent_where_nothing_answers() -> None:
    failed = replace(page(), port=6666, status=None, failure=Failure("refused", "refused", 111))
    assert not judge(CHECK, failed, target=replace(SHOP, port=6666))
