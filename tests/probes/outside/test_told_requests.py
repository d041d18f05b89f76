"""What of a told request may be sent."""

import pytest

from diagnose.net.http import USER_AGENT
from diagnose.parsers.told_requests import ToldRequest
from diagnose.probes.outside.told_requests import told_differences


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND"])
def test_a_request_that_may_change_something_is_never_sent(method: str) -> None:
    assert told_differences(ToldRequest(method, "/a", agent="x/1")) == ()


def test_logins_and_the_fields_of_a_body_are_left_out() -> None:
    fields = (("cookie", "a=b"), ("authorization", "x"), ("origin", "y"), ("content-type", "z"))
    assert told_differences(ToldRequest("GET", "/", fields=fields)) == ()


def test_the_method_comes_first_and_a_program_keeps_our_name() -> None:
    told = ToldRequest("HEAD", "/", 403, "https://a.example/", "Bot/1")
    differences = told_differences(told)
    assert [difference.part for difference in differences] == ["method", "agent", "referer"]
    assert differences[1].value == f"Bot/1 {USER_AGENT}"
