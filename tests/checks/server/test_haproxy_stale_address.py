"""server.haproxy-stale-address: a name that has another address since HAProxy was started."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence
from diagnose.model.haproxy import HaproxyStatus, HaproxyTry, ServerState
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

NAMED = TEXT.replace("127.0.0.1:3000", "app.internal:3000")
OLD = ServerState("app", "a", "no check", address="172.18.0.3:3000", now=("172.18.0.5",))
TRY = HaproxyTry(
    backend="app", name="a", address="app.internal", port=3000, purpose="page", status=200
)  # fmt: skip


def judged(state: ServerState = OLD, status: int = 503, answer: HaproxyTry = TRY) -> list[Claim]:
    known = HaproxyStatus(path="/run/haproxy/admin.sock", servers=(state,))
    return judge("server.haproxy-stale-address", SERVER, config(NAMED), page(status), known, answer)


def test_fires_where_the_name_has_another_address() -> None:
    (claim,) = judged()
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["old"], claim.facts["now"]) == ("172.18.0.3:3000", ("172.18.0.5",))
    assert claim.fix
    assert claim.fix.steps


@pytest.mark.parametrize(
    "state",
    [
        replace(OLD, address="172.18.0.5:3000"),
        replace(OLD, now=()),
        replace(OLD, address=""),
        replace(OLD, address="[fd00::5]:3000", now=("fd00::5",)),
        replace(OLD, now=("172.18.0.5", "172.18.0.3")),
    ],
)
def test_silent_where_the_address_is_the_names(state: ServerState) -> None:
    assert not judged(state)


def test_silent_where_the_page_comes_or_the_application_fails_too() -> None:
    assert not judged(status=200)
    assert not judged(answer=replace(TRY, status=502))
    assert not judged(answer=replace(TRY, status=None))
