from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit
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
