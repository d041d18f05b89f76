"""nginx.error-page-hides: a failure of the application behind the status of nginx's error page."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, LOADED, RUNNING, SITE, config
from tests.support.upstream_evidence import compared, logged, page

CHECK = "nginx.error-page-hides"
OWN = "<center>nginx</center>"
LOG = ErrorLog(
    file="/var/log/nginx/error.log", until=LOADED + 61, at=2.0, since=LOADED, level="error"
)
SLOW = logged(
    "upstream timed out (110: Connection timed out) while reading response header from upstream",
    request="POST / HTTP/1.1",
)
MISSING = logged('open() "/srv/nowhere/50x.html" failed (2: No such file or directory)')
FAILED = compared(500, body="KeyError: 'DATABASE_URL'")
POSTED = replace(page(405, OWN), method="POST")
NAMED = "error_page 502 504 = @error;"
FILE = "error_page 500 /50x.html;\n    proxy_intercept_errors on;"


def claims(
    lines: str, answer: Exchange, *observations: ErrorLog | LogLine | ComparedRequest
) -> list[Claim]:
    text = SITE.replace("    location / {", f"    {lines}\n    location / {{")
    return judge(CHECK, config(text), BUILD, RUNNING, answer, *observations)


def test_fires_for_a_form_whose_application_needs_too_long() -> None:
    (claim,) = claims(NAMED, POSTED, LOG, SLOW)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.facts["real"], claim.facts["status"]) == (504, 405)
    assert claim.facts["refused"]


def test_fires_for_an_error_page_that_is_not_there_and_links_are_refused() -> None:
    """With `disable_symlinks` nginx opens a file by openat()."""
    by_openat = replace(MISSING, text=MISSING.text.replace("open()", "openat()"))
    (claim,) = claims(FILE, page(404, OWN), LOG, by_openat, FAILED)
    assert claim.facts["file"] == "/srv/nowhere/50x.html"


def test_fires_for_an_error_page_that_is_not_there() -> None:
    (claim,) = claims(FILE, page(404, OWN), LOG, MISSING, FAILED)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["real"] == 500
    assert str(claim.facts["missing"]).startswith("open()")
    assert claim.facts["file"] == "/srv/nowhere/50x.html"


def test_silent_where_the_application_does_not_fail() -> None:
    assert not claims(NAMED, POSTED, LOG)
    assert not claims(FILE, page(404, OWN), LOG, MISSING, compared(404))


def test_silent_where_no_error_page_is_for_it() -> None:
    assert not claims("", POSTED, LOG, SLOW)
    assert not claims("error_page 500 /50x.html;", page(404, OWN), FAILED)
    assert not claims("error_page 502 504 https://example.net/;", POSTED, LOG, SLOW)


def test_silent_where_the_page_is_the_applications_or_the_error_is_shown() -> None:
    assert not claims(NAMED, replace(POSTED, body="no"), LOG, SLOW)
    assert not claims(NAMED, page(504, OWN), LOG, SLOW)


def test_fires_for_an_answer_of_the_application_that_is_replaced() -> None:
    """After pull request 1548 of FiestaBoard: 502 of an interface becomes 503."""
    lines = f"{NAMED} proxy_intercept_errors on;"
    starting = page(503, '{"detail":"Service is starting up"}')
    own = compared(502, body='{"detail":"provider said: invalid api key"}')
    (claim,) = claims(lines, starting, LOG, own)
    assert claim.facts["replaced"]
    assert claim.confidence is Confidence.LIKELY
    assert not claims(NAMED, starting, LOG, own), "nginx passes it on"
    assert not claims(lines, page(502, "{}"), LOG, own), "it is the same"
    assert not claims(lines, page(404, "{}"), LOG, compared(404)), "no page is for it"


def test_fires_and_lets_the_answers_of_an_interface_through() -> None:
    """The remedy is that of the location: nginx's own page stays for the other ones."""
    lines = "error_page 502 504 = @error; proxy_intercept_errors on;"
    api = "location /api/ {\n        proxy_pass http://127.0.0.1:3000;\n    }"
    text = SITE.replace("    location / {", f"    {lines}\n    {api}\n    location / {{")
    target = replace(SHOP, path="/api/forecast")
    starting = replace(page(503, '{"detail":"Service is starting up"}'), url=target.url)
    own = compared(504, body='{"detail":"provider timed out"}')
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, starting, LOG, own, target=target)
    assert claim.fix
    (edit,) = (step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+        proxy_intercept_errors off;" in edit.diff
    assert claim.fix.applicability is Applicability.REVIEW
