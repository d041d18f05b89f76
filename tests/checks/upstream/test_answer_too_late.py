"""upstream.answer-too-late: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Confidence, Failure, Vantage
from diagnose.model.nginx import UpstreamTry
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page

CHECK = "upstream.answer-too-late"
TRY = UpstreamTry(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", host="127.0.0.1", port=3000,
    address="127.0.0.1", status=200, asked=True, took=4.0,
)  # fmt: skip


def site(value: str) -> Any:
    line = f"proxy_read_timeout {value};\n        proxy_set_header" if value else "proxy_set_header"
    return config(SITE.replace("proxy_set_header", line))


@pytest.mark.parametrize("value", ["2", "500ms", "3s"])
def test_fires_for_an_answer_after_the_patience(value: str) -> None:
    (claim,) = judge(CHECK, RUNNING, site(value), page(504), TRY)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["needed"] == 4.0
    assert claim.fix
    assert "proxy_read_timeout 60s;" in str(claim.fix)


@pytest.mark.parametrize(
    ("value", "status", "attempt"),
    [
        ("10s", 504, TRY),
        ("", 504, TRY),
        ("2s", 200, TRY),
        ("2s", 504, replace(TRY, status=500)),
        ("2s", 504, replace(TRY, status=None, failure=Failure("timeout", "timed out"))),
        ("2s", 504, replace(TRY, asked=False)),
    ],
)
def test_silent_where_nginx_waits_and_where_nothing_comes(
    value: str, status: int, attempt: UpstreamTry
) -> None:
    assert not judge(CHECK, RUNNING, site(value), page(status), attempt)
