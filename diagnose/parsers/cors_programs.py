"""The framework of the program that answers a request of another site, by what no other writes.
No I/O.

Each of them has a place of its own for the sites that may read its answers. A word that several
programs write names none.
"""

from collections.abc import Iterable

from diagnose.parsers.lazy_pattern import lazy_pattern

#: By the body: Spring's DefaultCorsProcessor and BasicErrorController; Starlette's CORSMiddleware
#: and FastAPI's own errors; NestJS; Express (finalhandler); Werkzeug; Django REST framework and the
#: pages of Django; ASP.NET Core's ProblemDetails; Laravel's JSON.
_BODIES = tuple(
    (name, lazy_pattern(pattern))
    for name, pattern in (
        ("spring", r"\AInvalid CORS request\s*\Z|\A\{\"timestamp\":[^{}]{1,80},\"status\":\d{3},"),
        ("fastapi", r"\ADisallowed CORS (?:origin|method|headers)\b|\A\{\"detail\":\"(?:Not Found"
                    r"|Method Not Allowed)\"\}\s*\Z"),
        ("nest", r"\"message\":\"Cannot [A-Z]{3,7} /"),
        ("express", r"<pre>Cannot [A-Z]{3,7} /"),
        ("flask", r"<h1>Method Not Allowed</h1>\s{0,9}<p>The method is not allowed for the "
                  r"requested URL\.</p>"),
        ("django", r"\"Method \\\"[A-Z]{3,7}\\\" not allowed\.\"|\"parses\":\[\"application/"
                   r"|CSRF verification failed"),
        ("aspnet", r"\"type\":\"https://tools\.ietf\.org/html/rfc\d{4}#section-[\d.]{1,9}\""),
        ("laravel", r"\"exception\":\s?\"Symfony\\\\\\\\Component"),
    )
)  # fmt: skip
_COOKIES = (("laravel", "laravel_session="), ("django", "csrftoken="))
_VARY = ("Access-Control-Request-Method", "Access-Control-Request-Headers")
_MAX_BODY = 4096


def cors_program(headers: Iterable[tuple[str, str]], body: str) -> str:
    """Return the framework that answers: "spring", "express", "nest", "django", "flask", "fastapi",
    "aspnet", "laravel", "rails", or "" for another."""
    fields = [(name.lower(), value) for name, value in headers]
    product = next((name for name, words in _BODIES if words.search(body[:_MAX_BODY])), "")
    if product:
        return product
    names = {name for name, _ in fields}
    powered = next((value for name, value in fields if name == "x-powered-by"), "").strip()
    if powered in {"Express", "ASP.NET"}:
        return "express" if powered == "Express" else "aspnet"
    vary = [value.strip() for name, value in fields if name == "vary"]
    if all(value in vary for value in _VARY):
        return "spring"  # Others write the three names into one field.
    if {"x-runtime", "x-request-id"} <= names:
        return "rails"
    cookies = [value for name, value in fields if name == "set-cookie"]
    for program, lead in _COOKIES:
        if any(value.strip().startswith(lead) for value in cookies):
            return program
    return ""
