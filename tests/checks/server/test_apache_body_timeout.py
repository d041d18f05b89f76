"""server.apache-body-timeout: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.page_errors import page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-body-timeout"
STALLED = FailedRequests(
    server="apache", file="/var/log/apache2/access.log", method="PATCH", path="/v2/uploads/1",
    status=408, written="[28/Nov/2026:18:01:00 +0000]",
)  # fmt: skip
TOLD = replace(SHOP, symptom=Symptom("status", "408 Request Timeout", number=408))
LINE = "    RequestReadTimeout header=20-40,MinRate=500 body=10,MinRate=500\n"


def claims(
    line: str, *more: Any, target: Any = SHOP, modules: Any = ("reqtimeout",)
) -> list[Claim]:
    text = HTTPS.replace("    ProxyPass", f"{line}    ProxyPass", 1)
    config = replace(apache_config(text), modules=modules)
    return judge(CHECK, APACHE, config, page(200), *more, target=target)


def diff(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_by_the_log_and_raises_the_line() -> None:
    (claim,) = claims(LINE, STALLED)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["limit"] == "10"
    assert "+    RequestReadTimeout header=20-40,MinRate=500 body=300,MinRate=500\n" in diff(claim)


@pytest.mark.parametrize("line", ["", "    # RequestReadTimeout body=10\n"])
def test_fires_by_a_message_and_adds_the_line(line: str) -> None:
    (claim,) = claims(line, target=TOLD)
    assert claim.facts["limit"] == ""
    assert "+    RequestReadTimeout body=300,MinRate=500\n" in diff(claim)


@pytest.mark.parametrize("words", ["0", "300", "600-900,MinRate=500"])
def test_silent_where_it_waits_long(words: str) -> None:
    assert not claims(f"    RequestReadTimeout body={words}\n", STALLED, target=TOLD)


def test_silent_without_the_module_or_a_word_of_it() -> None:
    assert not claims(LINE, STALLED, target=TOLD, modules=("proxy",))
    assert not claims(LINE)
    assert not claims(LINE, target=replace(SHOP, symptom=Symptom("status", "502", number=502)))
