"""nginx.method-denied: limit_except, and a password that browsers do not send with a preflight."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Manual, Target
from diagnose.model.http import Exchange
from diagnose.model.logs import ErrorLog, FailedRequests, LogLine
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, LOADED, RUNNING, SITE, config
from tests.support.page_evidence import loads
from tests.support.upstream_evidence import logged, page

CHECK = "nginx.method-denied"
OWN = "<center>nginx</center>"
READ_ONLY = "limit_except GET { deny all; }"
GUARDED = 'auth_basic "Shop"; auth_basic_user_file /etc/nginx/.htpasswd;'
LOG = ErrorLog(
    file="/var/log/nginx/error.log", until=LOADED + 61, at=2.0, since=LOADED, level="error"
)
REFUSED = logged("access forbidden by rule", request="POST / HTTP/1.1")


def claims(
    lines: str, answer: Exchange, *more: ErrorLog | LogLine, target: Target = SHOP
) -> list[Claim]:
    text = SITE.replace("proxy_set_header Host $host;", lines)
    return judge(CHECK, config(text), BUILD, RUNNING, answer, *more, target=target)


def asked(method: str, status: int, body: str = OWN) -> Exchange:
    return replace(page(status, body), method=method)


def test_fires_for_a_form_and_is_certain_by_the_log() -> None:
    (claim,) = claims(READ_ONLY, asked("POST", 403), LOG, REFUSED)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["directive"] == "limit_except GET"
    (claim,) = claims(READ_ONLY, asked("POST", 403))
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_a_preflight_without_a_password() -> None:
    (claim,) = claims(GUARDED, asked("OPTIONS", 401))
    assert claim.facts["password"]
    assert claim.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    ("lines", "symptom", "method"),
    [
        (READ_ONLY, Symptom("status", "403 Forbidden", 403), "POST"),
        (GUARDED, Symptom("cors", "blocked by CORS policy"), "OPTIONS"),
        (READ_ONLY, Symptom("other", "the PUT request is blocked by nginx"), "PUT"),
    ],
)
def test_fires_after_a_pasted_message(lines: str, symptom: Symptom, method: str) -> None:
    (claim,) = claims(lines, page(200), target=replace(SHOP, symptom=symptom))
    assert claim.facts["method"] == method
    assert claim.confidence is Confidence.LIKELY


DELETED = Symptom("status", "DELETE https://shop.example.com/api/1 403 (Forbidden)", 403)


@pytest.mark.parametrize("status", [200, 404, 405])
def test_fires_for_the_method_that_a_message_names(status: int) -> None:
    target = replace(SHOP, symptom=DELETED)
    (claim,) = claims("limit_except GET POST { deny all; }", page(status), target=target)
    assert claim.facts["method"] == "DELETE"


def test_silent_where_the_method_of_a_message_may_pass() -> None:
    target = replace(SHOP, symptom=DELETED)
    assert not claims("limit_except GET DELETE { deny all; }", page(200), target=target)
    assert not claims("limit_except GET POST { deny all; }", page(403), target=target)


def test_fires_where_the_application_has_nothing_for_get() -> None:
    """The page says 405, the message 403: GET passes nginx, and the form does not."""
    target = replace(SHOP, symptom=Symptom("status", "uploading fails: 403", 403))
    (claim,) = claims(READ_ONLY, page(405), target=target)
    assert claim.facts["method"] == "POST"
    assert not claims(READ_ONLY, page(404), target=target)
    words = replace(SHOP, symptom=Symptom("status", "POST requests get 403", 403))
    assert claims(READ_ONLY, page(404), target=words)


def test_silent_where_the_method_may_pass() -> None:
    assert not claims("limit_except GET POST { deny all; }", asked("POST", 403))
    assert not claims(f"limit_except OPTIONS {{ {GUARDED} }}", asked("OPTIONS", 403))


def test_silent_for_the_applications_own_answer() -> None:
    assert not claims(READ_ONLY, asked("POST", 403, "Forbidden"))


def test_silent_for_a_page_and_a_form_that_wants_a_password() -> None:
    assert not claims(READ_ONLY, page(200))
    assert not claims(GUARDED, page(401, OWN))
    assert not claims(GUARDED, asked("POST", 401))


def test_fires_on_a_form_of_the_page() -> None:
    form = loads(posts=("https://shop.example.com/login",))
    text = SITE.replace("proxy_set_header Host $host;", READ_ONLY)
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(200), form)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["method"], claim.facts["status"]) == ("POST", 403)
    allowed = SITE.replace("proxy_set_header Host $host;", "limit_except POST { deny all; }")
    assert not judge(CHECK, config(allowed), BUILD, RUNNING, page(200), form)
    guarded = SITE.replace("proxy_set_header Host $host;", GUARDED)
    assert not judge(CHECK, config(guarded), BUILD, RUNNING, page(200), form)


CORS = (
    "add_header Access-Control-Allow-Origin https://app.example.com; "
    "add_header Access-Control-Allow-Headers authorization;"
)


def guarded(lines: str) -> list[Claim]:
    text = SITE.replace("    location / {", f"    location /api/ {{ {lines} }}\n    location / {{")
    return judge(CHECK, config(text), BUILD, RUNNING, page(200))


def test_fires_on_a_password_where_other_sites_scripts_are_meant() -> None:
    (claim,) = guarded(f"{CORS} {GUARDED}")
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["password"], claim.facts["preflight"]) == (True, True)
    assert claim.about.path == "/api/"


def test_silent_on_a_password_where_no_preflight_comes_or_it_passes() -> None:
    origin = CORS.partition(";")[0] + ";"
    assert not guarded(f"{origin} {GUARDED}")
    assert not guarded(GUARDED)
    condition = "if ($request_method = OPTIONS) { return 204; }"
    assert not guarded(f"{CORS} {condition} {GUARDED}")
    assert not guarded(f"{CORS} limit_except OPTIONS {{ {GUARDED} }}")
    assert not guarded(f"satisfy any; {CORS} {GUARDED}")


def test_fires_in_the_location_to_which_a_rule_leads() -> None:
    text = SITE.replace(
        "location / {",
        f"rewrite ^/$ /form last;\n    location /form {{ {READ_ONLY} }}\n    location / {{",
    )
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, asked("POST", 403))
    assert claim.facts["location"] == "location /form"


def test_silent_where_it_is_not_known_where_a_rule_leads() -> None:
    rule = "if ($cookie_a) { rewrite ^ /form last; }"
    text = SITE.replace("location / {", f"{rule}\n    location / {{ {READ_ONLY}")
    assert not judge(CHECK, config(text), BUILD, RUNNING, asked("POST", 403))


SENT = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/login", status=403, written="",
    is_from_page=True,
)  # fmt: skip


def sent(lines: str, failure: FailedRequests) -> list[Claim]:
    text = SITE.replace("proxy_set_header Host $host;", lines)
    return judge(CHECK, config(text), BUILD, RUNNING, page(200), failure)


def test_fires_for_what_pages_of_the_site_sent_by_the_log() -> None:
    (claim,) = sent(READ_ONLY, SENT)
    assert claim.facts["log"] == SENT.file
    assert claim.about.path == "/login"


def test_silent_for_what_the_log_says_of_something_else() -> None:
    assert not sent("limit_except GET POST { deny all; }", SENT)
    assert not sent(READ_ONLY, replace(SENT, status=500))
    assert not sent(READ_ONLY, replace(SENT, is_from_page=False))
    assert not sent(READ_ONLY, replace(SENT, server="apache"))


def typed(claim: Claim) -> str:
    """The edit that a person chooses."""
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    return "".join(each.diff for each in step.commands if isinstance(each, Edit))


def test_a_person_may_choose_the_line_that_names_the_method() -> None:
    (claim,) = claims(READ_ONLY, asked("POST", 403), LOG, REFUSED)
    assert "limit_except GET POST { deny all; }" in typed(claim)


def test_a_person_may_choose_a_password_for_all_but_the_preflight() -> None:
    (claim,) = claims(GUARDED, asked("OPTIONS", 401))
    line = 'limit_except OPTIONS { auth_basic "Shop"; auth_basic_user_file /etc/nginx/.htpasswd; }'
    assert line in typed(claim)


def test_the_password_stays_where_a_limit_would_lose_other_lines() -> None:
    (claim,) = claims(f"{GUARDED} try_files $uri =404;", asked("OPTIONS", 401))
    assert not typed(claim)


def test_a_person_may_choose_the_servers_password_for_all_but_the_preflight() -> None:
    text = SITE.replace("location / {", f"{GUARDED}\n    location / {{")
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, asked("OPTIONS", 401), masked=False)
    shown = typed(claim)
    assert "auth_basic off;" in shown
    assert "limit_except OPTIONS {" in shown


def test_fires_for_the_one_location_that_refuses_the_method_of_a_message() -> None:
    symptom = Symptom("other", "PATCH requests are rejected")
    text = SITE.replace(
        "location / {", "location /api/ { proxy_pass http://a; " + READ_ONLY + " }\nlocation / {"
    )
    target = replace(SHOP, path="/", symptom=symptom)
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(200), target=target)
    assert claim.facts["url"] == "https://shop.example.com/api/"
    twice = text.replace(
        "location / {", "location /b/ { proxy_pass http://a; " + READ_ONLY + " }\nlocation / {"
    )
    assert not judge(CHECK, config(twice), BUILD, RUNNING, page(200), target=target)


def test_silent_for_a_message_about_a_method_that_passes() -> None:
    symptom = Symptom("other", "PUT requests are blocked")
    passing = "limit_except GET PUT { deny all; }"
    assert not claims(passing, page(200), target=replace(SHOP, symptom=symptom))


def test_fires_for_a_program_and_names_all_methods_that_the_log_has() -> None:
    put = FailedRequests(
        file="/a.log", method="PUT", path="/api/orders/7", status=403, written="",
        is_served_otherwise=True,
    )  # fmt: skip
    failures = (put, replace(put, method="DELETE"))
    text = SITE.replace("proxy_set_header Host $host;", READ_ONLY)
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(200), *failures, masked=False)
    assert (claim.facts["by_program"], claim.facts["wanted"]) == (True, "PUT DELETE")
    assert "limit_except GET PUT DELETE {" in str(claim.fix)
    stranger = replace(put, is_served_otherwise=False)
    assert not judge(CHECK, config(text), BUILD, RUNNING, page(200), stranger, masked=False)
