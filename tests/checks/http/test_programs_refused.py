"""http.programs-refused, and what other checks make of a server that refuses programs."""

from diagnose.model import Failure
from diagnose.model.http import Exchange, RequestPurpose
from tests.support.check_evidence import CHAT, judge
from tests.support.websocket_evidence import upgrade

CHECK = "http.programs-refused"
CLOSED = Failure("closed", "the connection was closed without an answer")


def asked(purpose: RequestPurpose, status: int | None, failure: Failure | None = None) -> Exchange:
    return Exchange(
        url="https://shop.example.com/", address="203.0.113.10", port=443, purpose=purpose,
        status=status, failure=failure, equivalent=f"curl {purpose}",
    )  # fmt: skip


def refused(status: int | None = None, again: int | None = None) -> tuple[Exchange, ...]:
    """The page of a server that serves browsers, and refuses programs once and then again."""
    failure = None if status else CLOSED
    return (
        asked("target", status, failure),
        asked("browser", 200),
        asked("again", again or status, None if again else failure),
    )


def test_fires_where_the_connection_is_closed_or_an_error_comes() -> None:
    for status in (None, 403, 406):
        (claim,) = judge(CHECK, *refused(status))
        assert claim.facts["status"] == (status or "")
        assert claim.facts["command"] == "curl browser"


def test_silent_where_browsers_are_refused_too() -> None:
    assert not judge(CHECK, asked("target", 403), asked("browser", 403))
    assert not judge(CHECK, asked("target", 403))


def test_silent_where_it_fails_at_times() -> None:
    assert not judge(CHECK, *refused(again=200))
    assert not judge(CHECK, asked("target", None, CLOSED), asked("browser", 200))


def test_it_is_no_error_of_the_server() -> None:
    assert not judge("http.server-error", *refused())
    assert judge("http.server-error", *refused(again=200))


def test_it_tells_nothing_about_a_websocket() -> None:
    closed = upgrade(None, failure=CLOSED)
    assert not judge("websocket.not-upgraded", *refused(), closed, target=CHAT)
    assert judge("websocket.not-upgraded", *refused(403), closed, target=CHAT)
