"""Which fields of a response a message says are missing."""

import pytest

from diagnose.parsers.missing_fields import SECURITY_FIELDS, missing_fields
from diagnose.parsers.symptoms import message_symptom


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("X-Frame-Options header missing", ("X-Frame-Options",)),
        ("Content Security Policy (CSP) Header Not Set", ("Content-Security-Policy",)),
        ("No HSTS header found", ("Strict-Transport-Security",)),
        ("Missing Anti-clickjacking Header", ("X-Frame-Options",)),
        ("检测到目标X-Content-Type-Options响应头缺失", ("X-Content-Type-Options",)),
        ("my site is missing security headers", SECURITY_FIELDS),
        ("headers defined at the server level disappear when I add a header in a location block: "
         "X-Server-Header and Cache-Control are missing", ("X-Server-Header", "Cache-Control")),
        ("nginx add_header not working in location", SECURITY_FIELDS),
        ("add_header directives are not inherited", SECURITY_FIELDS),
        ("location 里加了 add_header 以后，server 里的响应头不生效", SECURITY_FIELDS),
        ("X-Served-By is not sent in the response", ("X-Served-By",)),
    ],
)  # fmt: skip
def test_fields(text: str, fields: tuple[str, ...]) -> None:
    symptom = message_symptom(text)
    assert symptom is not None
    assert symptom.kind == "response-field"
    assert missing_fields(text) == fields


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("the website uses HSTS", "hsts"),
        ("Refused to display it in a frame because it set 'X-Frame-Options' to 'deny'.", "frame"),
        ("violates the Content Security Policy directive. 'script-src' was not set", "csp"),
        ("No 'Access-Control-Allow-Origin' header is present", "cors"),
        ("add_header Access-Control-Allow-Origin * is not working", "cors"),
    ],
)
def test_other_messages_about_fields(text: str, kind: str) -> None:
    symptom = message_symptom(text)
    assert symptom is not None
    assert symptom.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "the X-Real-IP header is missing in my backend",
        "X-Forwarded-Proto is not set, the response is http",
        "my app misses the X-Tenant header of the request",
    ],
)
def test_fields_of_a_request_are_none_of_a_response(text: str) -> None:
    symptom = message_symptom(text)
    assert symptom is None or symptom.kind != "response-field"
