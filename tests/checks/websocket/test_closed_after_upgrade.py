from dataclasses import replace

import pytest

from diagnose.model import Confidence, Severity
from diagnose.model.http import Ending, Upgrade, UpgradeVariant, Violation
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.closed-after-upgrade"


def opened(
    variant: UpgradeVariant = "normal", ended: Ending = "", code: int | None = None
) -> Upgrade:
    observation = upgrade(101, variant, accepted=True)
    return replace(observation, held_s=0.3, ended=ended, close_code=code)


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        *(("close", code) for code in (1002, 1003, 1007, 1009, 1010, 1011, 1014)),
        *((ended, 1006) for ended in ("eof", "reset", "invalid", "http")),
    ],
)
def test_fires_where_it_dies(ended: Ending, code: int) -> None:
    (claim,) = judge(CHECK, opened("normal", ended, code), target=CHAT)
    assert claim.severity is None
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_certain_where_it_dies_without_a_ping_too() -> None:
    observations = [opened(variant, "close", 1011) for variant in ("normal", "no-ping")]
    (claim,) = judge(CHECK, *observations, target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["always"]


def test_warns_where_another_try_holds() -> None:
    observations = opened("normal", "eof", 1006), opened("no-ping"), opened("again")
    (claim,) = judge(CHECK, *observations, target=CHAT)
    assert claim.severity is Severity.WARNING


def test_notes_that_only_pings_break_it() -> None:
    observations = opened("normal", "eof", 1006), opened("no-ping"), opened("again", "eof", 1006)
    (claim,) = judge(CHECK, *observations, target=CHAT)
    assert claim.severity is Severity.NOTE
    assert claim.facts["at_ping"]


@pytest.mark.parametrize(
    ("ended", "code"),
    [("", None), ("close", 1000), ("close", 1001), ("close", 1005), ("close", 1008)]
    + [("close", code) for code in (1012, 1013, 3000, 3003, 4000, 4401, 4403, 4999)],
)
def test_silent_where_it_stays_or_is_closed_on_purpose(ended: Ending, code: int | None) -> None:
    assert not judge(CHECK, opened("normal", ended, code), target=CHAT)


def test_silent_where_it_was_refused() -> None:
    assert not judge(CHECK, upgrade(404), target=CHAT)


@pytest.mark.parametrize(
    ("violation", "fact"),
    [("text", "text"), ("masked", "masked"), ("utf-8", "not_utf8"), ("opcode", "other_bytes")],
)
def test_says_what_is_wrong_with_the_bytes(violation: Violation, fact: str) -> None:
    observation = replace(opened("normal", "invalid", 1006), violation=violation)
    (claim,) = judge(CHECK, observation, target=CHAT)
    assert claim.facts[fact]


@pytest.mark.parametrize(("code", "fact"), [(1002, "protocol"), (1009, "size"), (1011, "error")])
def test_says_what_the_code_means(code: int, fact: str) -> None:
    (claim,) = judge(CHECK, opened("normal", "close", code), target=CHAT)
    assert claim.facts[fact]


def test_fires_for_certain_where_the_application_itself_ends_it() -> None:
    observation = opened("normal", "close", 1011)
    (claim,) = judge(CHECK, observation, replace(observation, through="application"), target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["direct_dies"]
