"""The request with the Origin of another site: when it is worth one."""

from dataclasses import replace

import pytest

from diagnose.model import Symptom
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN, RequestFields
from diagnose.probes.outside.cross_origin import is_worth_a_preflight, origin_to_ask_with
from tests.support.fake_context import Looking
from tests.support.page_errors import page
from tests.support.recorded_machine import RecordedMachine

MULTIPLE = Symptom("cors", "The 'Access-Control-Allow-Origin' header contains multiple values")
BLOCKED = Symptom("cors", "CORS error")
STATUS = Symptom("status", "404 Not Found", 404)


@pytest.mark.parametrize(
    ("symptom", "value", "origin"),
    [
        (MULTIPLE, "", UNKNOWN_ORIGIN),
        (BLOCKED, "*", UNKNOWN_ORIGIN),
        (BLOCKED, "https://app.example.net", "https://app.example.net"),
        (BLOCKED, "", ""),
        (STATUS, "*", ""),
        (None, "*", UNKNOWN_ORIGIN),
        (None, "", ""),
    ],
)
def test_the_origin_after_a_message(symptom: Symptom | None, value: str, origin: str) -> None:
    ctx = Looking(RecordedMachine())
    ctx.target = replace(ctx.target, symptom=symptom)
    headers = (("Access-Control-Allow-Origin", value),) if value else ()
    assert origin_to_ask_with(ctx, replace(page(200), headers=headers)) == origin


def test_none_where_the_request_has_one() -> None:
    ctx = Looking(RecordedMachine())
    ctx.target = replace(ctx.target, symptom=MULTIPLE)
    ctx.options = replace(ctx.options, request=RequestFields(origin="https://app.example.net"))
    assert origin_to_ask_with(ctx, page(200)) == ""


@pytest.mark.parametrize(
    ("symptom", "origin", "status", "value", "is_asked"),
    [
        (BLOCKED, "https://app.example.net", 404, "", True),
        (BLOCKED, "https://app.example.net", 401, "", True),
        (BLOCKED, "https://app.example.net", 404, "*", False),
        (BLOCKED, "https://app.example.net", 200, "", False),
        (BLOCKED, "https://app.example.net", 502, "", False),
        (BLOCKED, UNKNOWN_ORIGIN, 404, "", False),
        (BLOCKED, "https://shop.example.com", 404, "", False),
        (STATUS, "https://app.example.net", 404, "", False),
        (None, "https://app.example.net", 404, "", False),
    ],
)
def test_a_preflight_where_a_get_shows_nothing(
    symptom: Symptom | None, origin: str, status: int, value: str, is_asked: bool
) -> None:
    """A path that takes a POST alone."""
    ctx = Looking(RecordedMachine())
    ctx.target = replace(ctx.target, symptom=symptom)
    ctx.options = replace(ctx.options, request=RequestFields(origin=origin))
    headers = (("Access-Control-Allow-Origin", value),) if value else ()
    assert is_worth_a_preflight(ctx, replace(page(status), headers=headers)) is is_asked
