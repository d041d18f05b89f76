"""server.haproxy-body-timeout: HAProxy waits for the body, and not for long."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

TOLD = Symptom("status", "408 Request Time-out", 408)
WAITS = "frontend web\n    option http-buffer-request\n"


def judged(lines: str, symptom: Symptom | None = TOLD, defaults: str = "") -> list[Claim]:
    text = TEXT.replace("frontend web\n", lines).replace("mode http\n", f"mode http\n{defaults}")
    target = replace(SHOP, symptom=symptom)
    return judge("server.haproxy-body-timeout", SERVER, config(text), page(200), target=target)


def diff_of(claim: Claim) -> str:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_the_body_has_little_time() -> None:
    (claim,) = judged(f"{WAITS}    timeout http-request 10s\n")
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["limit"] == "timeout http-request 10s"
    changed = "-    timeout http-request 10s\n+    timeout http-request 300s\n"
    assert changed in diff_of(claim)


@pytest.mark.parametrize("line", ["timeout http-request 10s", "timeout client 30s"])
def test_leaves_the_line_of_the_defaults(line: str) -> None:
    (claim,) = judged(WAITS, defaults=f"    {line}\n")
    assert claim.facts["limit"] == line
    assert " frontend web\n+    timeout http-request 300s\n" in diff_of(claim)


@pytest.mark.parametrize(
    "lines",
    [
        "frontend web\n    timeout http-request 10s\n",
        f"{WAITS}    timeout http-request 10m\n",
        WAITS,
    ],
)
def test_silent_where_no_short_time_counts_for_the_body(lines: str) -> None:
    assert not judged(lines)


@pytest.mark.parametrize("symptom", [None, Symptom("status", "404 Not Found", 404)])
def test_silent_without_408(symptom: Symptom | None) -> None:
    assert not judged(f"{WAITS}    timeout http-request 10s\n", symptom)
