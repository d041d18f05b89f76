"""What of a told request may be sent, and in which order."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import pytest

from diagnose.model import Symptom
from diagnose.model.http import Exchange
from diagnose.model.other_requests import ToldDifference
from diagnose.net.http import USER_AGENT
from diagnose.parsers.told_requests import ToldRequest
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside import told_requests
from diagnose.probes.outside.told_requests import told_differences
from tests.support.check_evidence import SHOP


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND"])
def test_a_request_that_may_change_something_is_never_sent(method: str) -> None:
    assert told_differences(ToldRequest(method, "/a", agent="x/1")) == ()


def test_logins_and_the_fields_of_a_body_are_left_out() -> None:
    fields = (("cookie", "a=b"), ("authorization", "x"), ("origin", "y"), ("content-type", "z"))
    assert told_differences(ToldRequest("GET", "/", fields=fields)) == ()


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-rewrite-url"])
def test_a_field_that_makes_another_request_is_left_out(name: str) -> None:
    assert told_differences(ToldRequest("GET", "/", fields=((name, "DELETE"),))) == ()


def test_the_method_comes_first_and_a_program_keeps_our_name() -> None:
    told = ToldRequest("HEAD", "/", 403, "https://a.example/", "Bot/1")
    differences = told_differences(told)
    assert [difference.part for difference in differences] == ["method", "agent", "referer"]
    assert differences[1].value == f"Bot/1 {USER_AGENT}"


def sent(
    monkeypatch: pytest.MonkeyPatch, fails: Callable[[int, str], bool], words: str
) -> list[str]:
    """Return the differences of each request of a run, of which those fail that `fails` names by
    their number and their differences."""
    requests: list[str] = []

    async def answer(_: object, __: object, ___: str, each: Sequence[ToldDifference]) -> bool:
        requests.append("+".join(difference.part for difference in each))
        return fails(len(requests), requests[-1])

    monkeypatch.setattr(told_requests, "_fails", answer)
    target = SimpleNamespace(symptom=Symptom("status", words, 403), path="/", origin=SHOP.origin)
    ctx = SimpleNamespace(target=target, further_requests=FurtherRequests())
    page = Exchange(url=f"{SHOP.origin}/", address="192.0.2.1", port=443, status=200, verified=True)
    asyncio.run(told_requests.send_told_request(ctx, page))
    return requests


def test_what_fails_alone_is_sent_again_after_its_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "403 for HEAD requests of my iPhone"
    assert sent(monkeypatch, lambda _, each: "agent" in each, words) == [
        "method+agent", "method", "agent", "", "", "agent",
    ]  # fmt: skip
    # The next machine answers each second request, and the control tells it.
    by_turns = sent(monkeypatch, lambda number, _: number % 2 == 1, "403 for HEAD requests")
    assert by_turns == ["method", "", ""]
