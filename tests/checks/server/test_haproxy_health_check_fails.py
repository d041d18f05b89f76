from diagnose.model import Applicability, Claim, Confidence, Edit, Failure, Observation
from tests.support.check_evidence import judge as put
from tests.support.haproxy_evidence import SERVER, TEXT, attempt, config, page, status


def judge(*observations: Observation, text: str = TEXT) -> list[Claim]:
    return put("server.haproxy-health-check-fails", SERVER, config(text), *observations)


REFUSED_CHECK = attempt("check", 404, path="/healthz")


def test_fires_where_the_page_is_answered_and_the_check_is_not() -> None:
    (claim,) = judge(page(), status(), attempt(), REFUSED_CHECK)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["request"] == "GET /healthz"
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    # The page was asked for with both fields: the application may redirect plain http.
    fields = "hdr Host shop.example.com hdr X-Forwarded-Proto https"
    assert f"+    http-check send meth GET uri / ver HTTP/1.1 {fields}\n" in edit.diff


def test_fires_less_sure_without_the_statistics() -> None:
    (claim,) = judge(page(), attempt(), REFUSED_CHECK)
    assert claim.confidence is Confidence.LIKELY


def test_fires_without_an_edit_where_the_application_says_that_it_is_unwell() -> None:
    (claim,) = judge(page(), status(code=503), attempt(), attempt("check", 503))
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_without_an_edit_where_the_page_would_not_be_accepted_either() -> None:
    (claim,) = judge(page(), status(), attempt(status=401), REFUSED_CHECK)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_the_checks_own_path_where_it_is_answered_with_the_sites_name() -> None:
    text = TEXT.replace("GET /healthz", "HEAD /cerebro")
    refused = attempt("check", 400, path="/cerebro")
    named = attempt("named-check", 200, path="/cerebro")
    states = status(code=400)
    (claim,) = judge(page(), states, attempt(status=404), refused, named, text=text)
    assert (claim.facts["named_status"], claim.facts["good_path"]) == (200, "/cerebro")
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http-check send meth HEAD uri /cerebro ver HTTP/1.1 hdr Host shop.ex" in edit.diff
    also_refused = attempt("named-check", 400, path="/cerebro")
    (claim,) = judge(page(), states, attempt(status=404), refused, also_refused, text=text)
    assert claim.facts["good_path"] == ""
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_with_the_answer_to_strangers_where_the_page_asks_for_a_sign_in() -> None:
    check = attempt("check", 401, path="/healthz")
    (claim,) = judge(page(), status(code=401), attempt(status=401), check)
    assert claim.facts["login"]
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    http-check expect status 200-399,401\n" in edit.diff
    expects = TEXT.replace(" /healthz", " /healthz\n    http-check expect status 200")
    (claim,) = judge(page(), status(code=401), attempt(status=401), check, text=expects)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_the_check_gets_an_empty_answer() -> None:
    closed = attempt("check", None, failure=Failure("closed", "connection closed"))
    empty = status(check="SOCKERR", code=None)
    (claim,) = judge(page(), empty, attempt(), closed)
    assert (claim.facts["status"], claim.facts["check_result"]) == ("", "connection closed")
    assert not judge(page(), empty, attempt())
    assert not judge(page(), empty, attempt(status=404), closed)
    for result in ("L7RSP", "L7TOUT"):
        assert not judge(page(), status(check=result, code=None), attempt(), closed)


def test_silent_where_the_server_does_not_work() -> None:
    refused = Failure("refused", "Connection refused", 111, "ECONNREFUSED")
    assert not judge(
        page(), status(check="L4CON", code=None), attempt(status=None, failure=refused)
    )
    assert not judge(page(), status(), attempt(status=502), REFUSED_CHECK)


def test_silent_where_haproxy_uses_the_server() -> None:
    assert not judge(page(), status("UP", "L7OK", 200), attempt(), REFUSED_CHECK)


def test_silent_where_the_site_answers() -> None:
    assert not judge(page(200), status(), attempt(), REFUSED_CHECK)


def test_silent_where_the_check_is_accepted_or_there_is_none() -> None:
    assert not judge(page(), attempt(), attempt("check", 301))
    text = TEXT.replace("    option httpchk GET /healthz\n", "")
    assert not judge(page(), status(), attempt(), REFUSED_CHECK, text=text)


def diff_of(claim: Claim) -> str:
    assert claim.fix is not None
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


SEND = "    option httpchk\n    http-check send meth GET uri /healthz ver HTTP/1.1\n"


def test_fires_and_writes_what_is_sent_anew() -> None:
    text = TEXT.replace("    option httpchk GET /healthz\n", SEND)
    (claim,) = judge(page(), status(), attempt(), REFUSED_CHECK, text=text)
    assert "-    http-check send meth GET uri /healthz ver HTTP/1.1\n" in diff_of(claim)
    assert "+    http-check send meth GET uri / ver HTTP/1.1 hdr Host shop.ex" in diff_of(claim)


def test_fires_and_expects_what_the_application_answers() -> None:
    text = TEXT.replace(" /healthz\n", " /healthz\n    http-check expect status 204\n")
    check = attempt("check", 200, path="/healthz")
    (claim,) = judge(page(), status(code=200), attempt(), check, text=text)
    assert claim.facts["expected"] == "status 204"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    http-check expect status 200\n" in diff_of(claim)


def test_fires_and_takes_the_port_of_the_check_away() -> None:
    text = TEXT.replace(":3000 check", ":3000 check port 9000 inter 2s")
    (claim,) = judge(page(), status(), attempt(), REFUSED_CHECK, text=text)
    assert claim.facts["port"] == "9000"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    server a 127.0.0.1:3000 check inter 2s\n" in diff_of(claim)


def test_fires_and_expects_the_redirect_that_the_application_answers() -> None:
    check = attempt("check", 302, path="/healthz")
    for expected in ("status 401", "! status 302", "rstatus ^200"):
        text = TEXT.replace(" /healthz\n", f" /healthz\n    http-check expect {expected}\n")
        (claim,) = judge(page(), status(code=302), attempt(status=302), check, text=text)
        assert claim.facts["expected"] == expected
        assert "+    http-check expect status 302\n" in diff_of(claim)
    # A page with the expected status is asked for instead: a redirect may be one to https.
    text = TEXT.replace(" /healthz\n", " /healthz\n    http-check expect status 200\n")
    (claim,) = judge(page(), status(code=302), attempt(), check, text=text)
    assert "+    http-check send meth GET uri / ver HTTP/1.1" in diff_of(claim)
    for expected in ("! status 401", "rstatus ^[23]", "rstatus (", "string ok"):
        text = TEXT.replace(" /healthz\n", f" /healthz\n    http-check expect {expected}\n")
        assert not judge(page(), status(code=302), attempt(status=302), check, text=text)
