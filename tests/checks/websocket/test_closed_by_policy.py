from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.http import Upgrade
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.closed-by-policy"


def closed(code: int, reason: str = "", origin: str | None = None) -> Upgrade:
    observation = upgrade(101, accepted=True)
    return replace(observation, ended="close", close_code=code, close_reason=reason, origin=origin)


@pytest.mark.parametrize("code", [1008, 3000, 3003, 4000, 4001, 4401, 4403, 4999])
def test_notes_that_credentials_would_decide(code: int) -> None:
    (claim,) = judge(CHECK, closed(code, "unauthorized"), target=CHAT)
    assert (claim.facts["code"], claim.facts["credentials"]) == (code, True)


def test_fires_as_a_note_and_never_as_a_cause() -> None:
    from diagnose.checking.registry import load_check

    assert load_check(CHECK).severity is Severity.NOTE


@pytest.mark.parametrize("code", [1012, 1013])
def test_fires_where_the_server_asks_to_come_back(code: int) -> None:
    (claim,) = judge(CHECK, closed(code), target=CHAT)
    assert claim.facts["later"]


def test_fires_where_a_subprotocol_is_wanted() -> None:
    (claim,) = judge(CHECK, closed(1002, "Unsupported subprotocol"), target=CHAT)
    assert claim.facts["subprotocol"]


def test_silent_where_the_named_subprotocol_holds() -> None:
    named = replace(upgrade(101, "subprotocol", accepted=True), offered=("mqtt",))
    assert not judge(CHECK, closed(1002, "subprotocol mqtt required"), named, target=CHAT)


def test_silent_where_the_origin_is_the_reason() -> None:
    observation = closed(1008, "Origin not allowed", origin="https://shop.example.com")
    assert not judge(CHECK, observation, target=CHAT)
    assert judge("websocket.origin-refused", observation, target=CHAT)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1011])
def test_silent_at_other_codes(code: int) -> None:
    assert not judge(CHECK, closed(code), target=CHAT)
    assert not judge(CHECK, upgrade(101, accepted=True), target=CHAT)


def test_fires_where_nginx_takes_the_cookie_away() -> None:
    dropping = SITE.replace(
        "        proxy_set_header Host",
        '        proxy_set_header Cookie "";\n        proxy_set_header Host',
    )
    (claim,) = judge(CHECK, closed(4401, "no session"), RUNNING, config(dropping), target=CHAT)
    assert (claim.severity, claim.facts["field"]) == (Severity.ERROR, "Cookie")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '-        proxy_set_header Cookie "";\n' in edit.diff
    for code, text in ((4401, SITE), (1012, dropping)):
        (claim,) = judge(CHECK, closed(code), RUNNING, config(text), target=CHAT)
        assert not claim.facts["dropped"]
