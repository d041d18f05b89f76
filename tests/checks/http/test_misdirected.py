from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config
from tests.support.report_builder import ANSWER

CHECK = "http.misdirected"


def test_fires_on_421_and_names_the_server() -> None:
    page = replace(ANSWER, status=421, headers=(("Server", "Apache/2.4.65 (Debian)"),))
    (claim,) = judge(CHECK, page)
    assert claim.facts["server"] == "Apache/2.4.65 (Debian)"


def test_silent_on_other_answers() -> None:
    for status in (200, 400, 404, 502):
        assert not judge(CHECK, replace(ANSWER, status=status))


def test_fires_and_lets_haproxy_send_the_name() -> None:
    page = replace(ANSWER, status=421)
    text = TEXT.replace("3000 check", "3000 ssl verify none")
    (claim,) = judge(CHECK, SERVER, config(text), page)
    assert claim.facts["places"] == ("/etc/haproxy/haproxy.cfg:10",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert (
        "+    server a 127.0.0.1:3000 ssl verify none sni req.hdr(host),field(1,:)\n" in edit.diff
    )


@pytest.mark.parametrize(
    ("words", "version"),
    [
        ("ssl verify none sni str(shop.example.com)", "3.0.11"),
        ("ssl verify none", "3.3.1"),
        ("check", "3.0.11"),
    ],
)
def test_fires_without_an_edit_where_haproxy_sends_a_name_or_no_tls(
    words: str, version: str
) -> None:
    text = TEXT.replace("3000 check", f"3000 {words}")
    server = replace(SERVER, version=version)
    (claim,) = judge(CHECK, server, config(text), replace(ANSWER, status=421))
    assert not claim.facts["places"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
