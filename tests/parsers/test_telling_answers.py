"""Answers whose words say that the setup is wrong."""

import pytest

from diagnose.parsers.telling_answers import answer_reason

TOMCAT = (
    "<title>HTTP Status 400 – Bad Request</title><p><b>Message</b> Invalid character found in the "
    "request target [/search?q={&quot;id&quot;:1} ]. The valid characters are defined in RFC 7230"
)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, "No input file specified.\n", "script"),
        (400, TOMCAT, "characters"),
        (
            403,
            "Your IP address 127.0.0.1 is not allowed to access this application.",
            "proxy-address",
        ),
        (403, "Access denied for client 172.17.0.1", "proxy-address"),
        (403, "Your IP address 198.51.100.7 is not allowed.", None),
        (403, "Forbidden", None),
        (404, "The page on 127.0.0.1 was not found", None),
        (404, "<p>What does &quot;No input file specified.&quot; mean?", None),
        (200, "No input file specified.", None),
        (500, TOMCAT, None),
        (None, "", None),
    ],
)
def test_reasons(status: int | None, body: str, reason: str | None) -> None:
    assert answer_reason(status, body) == reason
