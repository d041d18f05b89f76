"""Which request a browser's message about CORS is about."""

from diagnose.model.symptom import Symptom
from diagnose.parsers.cors_messages import with_message
from diagnose.parsers.request_fields import ANOTHER_ORIGIN, RequestFields

CORS = Symptom("cors", "blocked by CORS policy")
BLOCKED = (
    "Access to fetch at 'https://shop.example.com/' from origin 'https://app.example.net' has been "
    "blocked by CORS policy: "
)
PREFLIGHT = f"{BLOCKED}Response to preflight request doesn't pass access control check: "


def test_the_origin_of_the_page_is_asked_with() -> None:
    fields = with_message(RequestFields(), CORS, f"{BLOCKED}No 'Access-Control-Allow-Origin'")
    assert (fields.origin, fields.method) == ("https://app.example.net", "GET")


def test_a_preflight_is_repeated_with_what_was_not_allowed() -> None:
    text = f"{PREFLIGHT}Request header field X-Token is not allowed by Access-Control-Allow-Headers"
    fields = with_message(RequestFields(), CORS, text)
    assert fields.method == "OPTIONS"
    assert fields.headers == (("Access-Control-Request-Headers", "x-token"),)
    text = f"{PREFLIGHT}Method PUT is not allowed by Access-Control-Allow-Methods in preflight"
    assert with_message(RequestFields(), CORS, text).headers == (
        ("Access-Control-Request-Method", "PUT"),
    )


def test_a_failed_preflight_without_an_origin_is_repeated() -> None:
    status = Symptom("status", "405", 405)
    for text in ("OPTIONS https://shop.example.com/api 405 (Method Not Allowed)", "预检请求 405"):
        fields = with_message(RequestFields(), status, text)
        assert (fields.method, fields.origin) == ("OPTIONS", ANOTHER_ORIGIN)
    assert with_message(RequestFields(), status, "POST 405 OPTIONS-X") == RequestFields()
    given = RequestFields(cookie="a=b")
    assert with_message(given, status, "OPTIONS 405") == given


def test_what_the_user_gave_stays() -> None:
    given = RequestFields(origin="https://other.example.net", method="POST")
    assert with_message(given, CORS, PREFLIGHT) == given


def test_another_message_changes_nothing() -> None:
    assert with_message(RequestFields(), Symptom("mime", "x"), BLOCKED) == RequestFields()
    assert with_message(RequestFields(), None, BLOCKED) == RequestFields()
    assert with_message(RequestFields(), CORS, "跨域") == RequestFields()
