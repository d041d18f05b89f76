import json

from diagnose.parsers.caddy.issuance_log import issuance_error

NAMES = ("shop.example.com", "*.example.com")
LIMIT = "HTTP 429 urn:ietf:params:acme:error:rateLimited - too many certificates"


def line(message: str, **fields: object) -> str:
    own = {"level": "error", "logger": "tls.obtain", "identifier": "shop.example.com"}
    return json.dumps({**own, "msg": message, **fields})


def refusal(error: str, issuer: str = "acme-v02.api.letsencrypt.org-directory") -> str:
    return line("could not get certificate from issuer", issuer=issuer, error=error)


def test_the_last_refusal_of_the_first_issuer_counts() -> None:
    second = refusal("HTTP 0 no external account", "acme.zerossl.com-v2-DV90")
    lines = (refusal("old"), refusal(LIMIT), second, line("will retry", error="all"))
    assert issuance_error(lines, NAMES) == LIMIT
    assert issuance_error((second,), NAMES) == "HTTP 0 no external account"


def test_a_certificate_that_came_later_ends_it() -> None:
    assert issuance_error((refusal(LIMIT), line("certificate obtained successfully")), NAMES) == ""


def test_the_last_challenge_says_why_no_other_one_is_left() -> None:
    none_left = refusal("no solvers available for remaining challenges (offered=[http-01])")
    kind = "urn:ietf:params:acme:error:connection"
    old = line("challenge failed", problem_type=kind, error="203.0.113.9: Timeout")
    new = line("challenge failed", problem={"type": kind, "detail": "203.0.113.9: Timeout"})
    for failed in (old, new):
        assert issuance_error((failed, none_left), NAMES) == f"{kind} - 203.0.113.9: Timeout"
    assert issuance_error((none_left,), NAMES).startswith("no solvers")


def test_lines_of_a_terminal_and_of_other_names() -> None:
    fields = json.dumps({"identifier": "shop.example.com", "issuer": "a", "error": LIMIT})
    text = f"2026/11/28 ERROR\ttls.obtain\tcould not get certificate from issuer\t{fields}"
    assert issuance_error((text,), NAMES) == LIMIT
    assert issuance_error((refusal(LIMIT).replace("shop.", "api."),), NAMES) == ""
    assert issuance_error(("tls. shop.example.com {", ""), NAMES) == ""


def test_another_error_is_told_without_a_refusal() -> None:
    assert issuance_error((line("will retry", error="x"),), NAMES) == "will retry: x"
