"""Clauses that say which fault it is not."""

import pytest

from diagnose.parsers.denied_faults import without_denied
from diagnose.parsers.symptoms import symptom_of


@pytest.mark.parametrize(
    ("sentence", "kind", "number"),
    [
        ("no certificate error but the page stays blank", "blank", None),
        ("the certificate is valid but the login does not work", "login", None),
        ("I don't get a 404, I get a 403", "status", 403),
        ("not a timeout, the connection is refused", "refused", None),
        ("not a CORS error, the request returns 500", "status", 500),
        ("the certificate is not expired but chrome says not secure", "not-secure", None),
        ("there are no CORS errors but fetch fails with 401", "status", 401),
        ("no redirect loop anymore but now css is missing", "page-files", None),
        ("the site is not slow, it is just not reachable", "unusable", None),
        ("the page is not blank, but the styles are missing", "page-files", None),
        ("the server does not answer with 404 but with 500", "status", 500),
        ("nginx is not down but the site returns 502", "status", 502),
    ],
)
def test_the_other_clause_says_what_is_wrong(sentence: str, kind: str, number: int | None) -> None:
    symptom = symptom_of(sentence)
    assert symptom is not None
    assert (symptom.kind, symptom.number, symptom.text) == (kind, number, sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "http does not redirect to https",
        "the site does not redirect to https",
        "without www it works, with www it does not",
        "400 No required SSL certificate was sent",
        "no live upstreams while connecting to upstream, client: 198.51.100.7, server: x",
        "certificate is not trusted",
        "no error",
        "the page stays blank because there is no 502, only silence",
        "",
    ],
)
def test_what_denies_no_fault_stays_whole(sentence: str) -> None:
    assert without_denied(sentence) == ""
