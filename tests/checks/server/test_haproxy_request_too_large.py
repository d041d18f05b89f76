from dataclasses import replace

import pytest

from diagnose.checking.symptom_table import symptom_row
from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-request-too-large"
LONG = replace(SHOP, path="/search?q=" + "tea," * 4500)
REFUSED = page(400, url=f"https://shop.example.com{LONG.path}")


def test_fires_and_raises_the_buffer() -> None:
    (claim,) = judge(CHECK, SERVER, config(), REFUSED, target=LONG)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["limit"], claim.facts["wanted"]) == (15360, 32768)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert " global\n+    tune.bufsize 32768\n" in edit.diff


def test_fires_and_changes_the_line_that_is_there() -> None:
    small = TEXT.replace("maxconn 5", "tune.bufsize 8k")
    (claim,) = judge(CHECK, SERVER, config(small), REFUSED, target=LONG)
    assert claim.facts["limit"] == 7168
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    tune.bufsize 8k\n+    tune.bufsize 32768\n" in edit.diff


def test_fires_less_surely_where_the_fields_decide() -> None:
    near = replace(SHOP, path="/" + "t" * 15_200)
    refused = page(400, url=f"https://shop.example.com{near.path}")
    (claim,) = judge(CHECK, SERVER, config(), refused, target=near)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_there_is_room_or_a_page_came() -> None:
    large = config(TEXT.replace("maxconn 5", "tune.bufsize 65536"))
    assert not judge(CHECK, SERVER, large, REFUSED, target=LONG)
    assert not judge(CHECK, SERVER, config(), replace(REFUSED, status=200), target=LONG)
    assert not judge(CHECK, SERVER, config(), page(400))
    unreadable = config(TEXT.replace("maxconn 5", "tune.bufsize much"))
    assert not judge(CHECK, SERVER, unreadable, REFUSED, target=LONG)


OWN_PAGE = "400 Bad request Your browser sent an invalid request."


@pytest.mark.parametrize(
    "words",
    [
        "sending a request with very large headers",
        "it fails once the cookies get too big",
        "cookie 太大",
    ],
)
def test_fires_where_a_message_has_its_page_and_tells_of_large_fields(words: str) -> None:
    symptom = Symptom("status", f"{OWN_PAGE} {words}", 400)
    (claim,) = judge(CHECK, SERVER, config(), page(200), target=replace(SHOP, symptom=symptom))
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.WARNING)
    assert claim.is_reported
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert " global\n+    tune.bufsize 32768\n" in edit.diff


def test_silent_where_the_words_tell_no_size_or_there_is_more_room() -> None:
    told = replace(SHOP, symptom=Symptom("status", f"{OWN_PAGE} very large headers", 400))
    large = config(TEXT.replace("maxconn 5", "tune.bufsize 65536"))
    assert not judge(CHECK, SERVER, large, page(200), target=told)
    for text in (OWN_PAGE, "400 Bad Request very large headers"):
        target = replace(SHOP, symptom=Symptom("status", text, 400))
        assert not judge(CHECK, SERVER, config(), page(200), target=target)


def test_its_page_leads_to_no_plain_request_at_a_tls_port() -> None:
    assert symptom_row(Symptom("status", OWN_PAGE, 400)).usual == (CHECK,)
    assert "http.plain-to-tls-port" in symptom_row(Symptom("status", "400 Bad Request", 400)).usual
