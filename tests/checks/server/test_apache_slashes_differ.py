from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.backends import BackendVisit
from tests.support.caddy_evidence import CADDY
from tests.support.check_evidence import SHOP, judge
from tests.support.page_evidence import answered, loads, sheet
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-slashes-differ"
LINE = "    ProxyPass / http://127.0.0.1:3000/\n"
REVERSE = "    ProxyPassReverse /app http://127.0.0.1:3000/\n"
DOUBLED = HTTPS.replace(LINE, f"    ProxyPass /app http://127.0.0.1:3000/ timeout=60\n{REVERSE}")
LOST = HTTPS.replace(LINE, "    ProxyPass /app/ http://127.0.0.1:3000/base\n")
LOGIN = replace(SHOP, path="/app/login")
REFUSED = replace(ANSWER, url=LOGIN.url, status=404)
SENT = BackendVisit(
    target="http://127.0.0.1:3000/", requested="/app/login", path="//login", status=404
)
SLASHED = replace(SENT, path="/login", status=200)


def test_fires_for_a_doubled_slash_and_takes_it_from_both_lines() -> None:
    config = apache_config(DOUBLED)
    (claim,) = judge(CHECK, APACHE, config, REFUSED, SENT, SLASHED, target=LOGIN, masked=False)
    assert (claim.facts["inner"], claim.confidence) == ("//login", Confidence.CERTAIN)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /app http://127.0.0.1:3000 timeout=60\n" in edit.diff
    assert "+    ProxyPassReverse /app http://127.0.0.1:3000\n" in edit.diff


def test_fires_for_a_lost_slash() -> None:
    base = replace(SENT, target="http://127.0.0.1:3000/base", path="/baselogin")
    slashed = replace(base, path="/base/login", status=302)
    config = apache_config(LOST)
    (claim,) = judge(CHECK, APACHE, config, REFUSED, base, slashed, target=LOGIN, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /app/ http://127.0.0.1:3000/base/\n" in edit.diff


def test_fires_for_a_file_of_the_page() -> None:
    config = apache_config(DOUBLED)
    file = sheet("/app/login.css")
    asked = replace(SLASHED, requested="/app/login.css", path="/login.css")
    page = (ANSWER, loads(file), answered(file, 404))
    assert judge(CHECK, APACHE, config, *page, asked)
    assert not judge(CHECK, APACHE, config, *page, replace(asked, status=404))


def test_leaves_a_slash_in_a_variable_to_a_person() -> None:
    define = "    Define BACK http://127.0.0.1:3000/\n"
    config = apache_config(define + DOUBLED.replace("http://127.0.0.1:3000/", "${BACK}"))
    (claim,) = judge(CHECK, APACHE, config, REFUSED, SENT, SLASHED, target=LOGIN, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_without_the_control_or_where_the_application_answers_what_it_gets() -> None:
    config = apache_config(DOUBLED)
    assert not judge(CHECK, APACHE, config, REFUSED, SENT, target=LOGIN)
    refused = replace(SLASHED, status=404)
    assert not judge(CHECK, APACHE, config, REFUSED, SENT, refused, target=LOGIN)
    well = replace(SENT, status=200)
    assert not judge(CHECK, APACHE, config, REFUSED, well, SLASHED, target=LOGIN)
    page = replace(REFUSED, status=200)
    assert not judge(CHECK, APACHE, config, page, SENT, SLASHED, target=LOGIN)
    assert not judge(CHECK, CADDY, config, REFUSED, SENT, SLASHED, target=LOGIN)


def test_silent_where_both_sides_have_the_slash_or_neither() -> None:
    for line in ("/app/ http://127.0.0.1:3000/", "/app http://127.0.0.1:3000"):
        config = apache_config(HTTPS.replace(LINE, f"    ProxyPass {line}\n"))
        assert not judge(CHECK, APACHE, config, REFUSED, SENT, SLASHED, target=LOGIN)
