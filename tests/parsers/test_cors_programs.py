"""The framework that answers a request of another site."""

import pytest

from diagnose.parsers.cors_programs import cors_program

VARY = "Access-Control-Request-Method", "Access-Control-Request-Headers"


@pytest.mark.parametrize(
    ("headers", "body", "program"),
    [
        ([], "Invalid CORS request", "spring"),
        ([], '{"timestamp":"2024-01-05T02:00:00.000+00:00","status":404,"error":"N"}', "spring"),
        ([("Vary", "Origin"), *(("Vary", name) for name in VARY)], "", "spring"),
        ([], '{"detail":"Method Not Allowed"}', "fastapi"),
        ([("X-Powered-By", "Express")], '{"message":"Cannot OPTIONS /a"}', "nest"),
        ([], "<pre>Cannot OPTIONS /a</pre>", "express"),
        ([("X-Powered-By", "ASP.NET")], "", "aspnet"),
        ([], '{"detail":"Method \\"OPTIONS\\" not allowed."}', "django"),
        ([("Set-Cookie", "csrftoken=a; Path=/")], "", "django"),
        ([], "<h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested URL.</p>",
         "flask"),
        # Written by programs of other languages too.
        ([("Vary", ", ".join(("Origin", *VARY)))], "", ""),
        ([("X-Request-Id", "a"), ("Set-Cookie", "JSESSIONID=a")], "Method Not Allowed", ""),
        ([], "a manual that says Invalid CORS request", ""),
        ([("X-Powered-By", "PHP/8.2"), ("Set-Cookie", "a=csrftoken=b")], "", ""),
    ],
)  # fmt: skip
def test_the_program_by_its_words(headers: list[tuple[str, str]], body: str, program: str) -> None:
    assert cors_program(headers, body) == program
