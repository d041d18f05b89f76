"""server.haproxy-sni-missing: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Edit
from diagnose.model.backends import BackendHandshake
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page, status

CHECK = "server.haproxy-sni-missing"
LINE = "127.0.0.1:3000 check"
DOWN = status("DOWN", "L6RSP", None)
SHAKEN = BackendHandshake(
    target="https://127.0.0.1:3000", host="127.0.0.1", port=3000,
    server_name="shop.example.com", verify_code=0,
)  # fmt: skip
REFUSED = replace(SHAKEN, server_name="127.0.0.1", verify_code=None)


def told(words: str, *observations: Any) -> Any:
    text = TEXT.replace(LINE, f"127.0.0.1:3000 {words}")
    return judge(CHECK, SERVER, config(text), page(), *observations)


def test_fires_where_only_visitors_requests_have_the_name() -> None:
    (claim,) = told("ssl verify none sni str(shop.example.com) check", DOWN, SHAKEN)
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert isinstance(claim.fix.steps[0], Edit)
    assert "check check-sni shop.example.com\n" in claim.fix.steps[0].diff


def test_fires_where_the_line_sends_no_name() -> None:
    (claim,) = told("ssl verify none check", DOWN, REFUSED, SHAKEN)
    assert claim.fix.applicability is Applicability.REVIEW
    assert "sni str(shop.example.com) check-sni shop" in claim.fix.steps[0].diff


@pytest.mark.parametrize(
    ("words", "observations"),
    [
        ("ssl sni str(shop.example.com) check check-sni shop.example.com", (DOWN, SHAKEN)),
        ("ssl verify none check", (DOWN, REFUSED)),
        ("ssl verify none check", (status("DOWN", "L4CON", None), SHAKEN)),
        ("ssl verify none check", (status("UP", "L7OK", 200), SHAKEN)),
        ("ssl verify none check", (SHAKEN,)),
        ("ssl verify none", (DOWN, SHAKEN)),
        ("check", (DOWN, SHAKEN)),
    ],
)  # fmt: skip
def test_silent_where_the_name_is_sent_or_no_name_helps(words: str, observations: Any) -> None:
    assert not told(words, *observations)
