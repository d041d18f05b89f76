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


def test_fires_where_nothing_checks_the_server() -> None:
    (claim,) = told("ssl verify none", REFUSED, SHAKEN)
    assert claim.facts["checked"] is False
    assert "ssl verify none sni str(shop.example.com)\n" in claim.fix.steps[0].diff


def test_silent_where_haproxy_sends_the_host_by_itself() -> None:
    text = TEXT.replace(LINE, "127.0.0.1:3000 ssl verify none")
    newer = replace(SERVER, version="3.3.1")
    assert not judge(CHECK, newer, config(text), page(), REFUSED, SHAKEN)
    two = text + "    server b 127.0.0.1:3001 ssl verify none\n"
    assert not judge(CHECK, SERVER, config(two), page(), REFUSED, SHAKEN)


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
        ("ssl verify none sni str(shop.example.com)", (REFUSED, SHAKEN)),
        ("ssl verify none", (REFUSED,)),
        ("ssl verify none", (replace(REFUSED, plain=True), SHAKEN)),
    ],
)  # fmt: skip
def test_silent_where_the_name_is_sent_or_no_name_helps(words: str, observations: Any) -> None:
    assert not told(words, *observations)
