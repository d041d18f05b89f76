from dataclasses import replace

import pytest

from checks.upstream._responses import front_failures, is_served, path_severity
from diagnose.model import Failure, Severity
from diagnose.model.http import page_exchanges
from tests.support.check_evidence import CHAT, REFUSED, TIMEOUT, evidence
from tests.support.nginx_evidence import front
from tests.support.upstreams import PAGE, WELL


def test_a_page_is_the_targets_own_on_its_port() -> None:
    plain, other = replace(PAGE, port=80), replace(PAGE, purpose="path")
    assert page_exchanges(evidence(plain, other, WELL)) == (WELL,)


@pytest.mark.parametrize(
    ("status", "failure", "failed"),
    [
        (502, None, True),
        (504, None, True),
        (500, None, False),
        (200, None, False),
        (None, Failure("closed", "closed"), True),
        (None, TIMEOUT, True),
        (None, REFUSED, False),
    ],
)
def test_a_gateway_error_or_a_broken_response_shows_the_failure(
    status: int | None, failure: Failure | None, failed: bool
) -> None:
    page = replace(PAGE, status=status, failure=failure)
    assert bool(front_failures(evidence(page), ("/",))) is failed


def test_only_the_paths_that_lead_there_count() -> None:
    seen = evidence(front(502), target=CHAT)
    assert front_failures(seen, ("/ws",))
    assert not front_failures(seen, ("/live",))


def test_what_works_anyway_is_only_a_note() -> None:
    assert is_served(evidence(WELL), ("/",))
    assert path_severity(evidence(WELL), ("/",)) is Severity.NOTE
    assert is_served(evidence(front(101), target=CHAT), ("/ws",))
    assert path_severity(evidence(PAGE), ("/",)) is None
    assert path_severity(evidence(), ("/",)) is None
    assert path_severity(evidence(PAGE), ()) is Severity.NOTE
