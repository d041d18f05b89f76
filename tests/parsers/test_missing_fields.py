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
    ],
)
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
    ],
)
def test_other_messages_about_fields(text: str, kind: str) -> None:
    symptom = message_symptom(text)
    assert symptom is not None
    assert symptom.kind == kind
