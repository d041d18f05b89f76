"""server.apache-line-limit: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Edit
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-line-limit"
LONG = FailedRequests(
    file="/var/log/apache2/access.log", method="GET", path="/search", status=414,
    written="21/Jul/2026:12:00:00 +0000", times=3, has_query=True, server="apache",
)  # fmt: skip


def test_fires_for_a_long_address_and_raises_the_limit() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS), LONG, masked=False)
    assert (claim.facts["limit"], claim.facts["wanted"]) == (8190, 32768)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+LimitRequestLine 32768" in edit.diff


def test_fires_for_a_limit_that_a_line_sets() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(f"LimitRequestLine 4094\n{HTTPS}"), LONG)
    assert claim.facts["limit"] == 4094


@pytest.mark.parametrize(
    "failure",
    [replace(LONG, status=404), replace(LONG, has_query=False), replace(LONG, server="nginx")],
)
def test_silent_for_another_refusal(failure: FailedRequests) -> None:
    assert not judge(CHECK, APACHE, apache_config(HTTPS), failure)


def test_silent_where_the_limit_is_large() -> None:
    assert not judge(CHECK, APACHE, apache_config(f"LimitRequestLine 65536\n{HTTPS}"), LONG)


def test_a_line_of_another_virtual_host_sets_nothing() -> None:
    other = HTTPS.replace("shop.", "wiki.").replace(
        "    SSLEngine", "    LimitRequestLine 4094\n    SSLEngine"
    )
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS + other), LONG, masked=False)
    assert (claim.facts["limit"], claim.facts["place"]) == (8190, "")
    (claim,) = judge(CHECK, APACHE, apache_config(other + HTTPS), LONG, masked=False)
    assert claim.facts["limit"] == 4094
