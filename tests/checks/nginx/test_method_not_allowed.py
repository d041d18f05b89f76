"""nginx.method-not-allowed: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Symptom
from diagnose.model.logs import FailedRequests
from diagnose.model.pages import PageFileTrial
from diagnose.parsers.target import parse_target
from tests.support.check_evidence import SHOP, judge, texts
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script

CHECK = "nginx.method-not-allowed"
NGINX_PAGE = "<h1>405 Not Allowed</h1></center><hr><center>nginx/1.26.3</center>"
SPA = "root /srv; location / { try_files $uri /index.html; }"
TARGET = replace(SHOP, path="/api/login")


def seen(lines: str, status: int, method: str = "POST", body: str = NGINX_PAGE) -> tuple[Any, ...]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    url = "https://shop.example.com/api/login"
    return RUNNING, config(text), replace(page(status, body), url=url, method=method)


def test_fires_on_a_post_to_the_page_of_an_application() -> None:
    lines = f"{SPA} location /ws {{ proxy_pass http://127.0.0.1:3000; }}"
    (claim,) = judge(CHECK, *seen(lines, 405), target=TARGET)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["location"] == "location /"
    assert claim.facts["applications"] == ("/ws → http://127.0.0.1:3000",)
    line = "location /api/ { proxy_pass http://127.0.0.1:3000; proxy_set_header Host $host; }"
    assert any(line in text for text in texts(CHECK, claim))
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "location /api/ {" in edit.diff
    assert "proxy_pass http://127.0.0.1:3000;" in edit.diff
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    several = f"{lines} location /x {{ proxy_pass http://127.0.0.1:4000; }}"
    (claim,) = judge(CHECK, *seen(several, 405), target=TARGET)
    assert claim.facts["application"] == ""
    assert claim.fix
    assert claim.fix.edits == ()


def test_fires_and_passes_the_folders_own_location_on() -> None:
    lines = (
        "location /ws { proxy_pass http://127.0.0.1:3000; }\n"
        " location /api/ {\n  root /srv;\n  try_files $uri =404;\n }"
    )
    (claim,) = judge(CHECK, *seen(lines, 405), target=TARGET)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "-  try_files $uri =404;" in edit.diff
    assert "proxy_pass http://127.0.0.1:3000;" in edit.diff
    closed = lines.replace("/api/ {", "/ {\n  auth_basic x;")
    (claim,) = judge(CHECK, *seen(closed, 405), target=TARGET)
    assert claim.fix
    assert claim.fix.edits == ()


def test_fires_on_a_pasted_message_alone() -> None:
    pasted = parse_target("405 Not Allowed nginx https://shop.example.com/api/login").symptom
    assert pasted
    assert (pasted.kind, pasted.number) == ("status", 405)
    target = replace(TARGET, symptom=pasted)
    (claim,) = judge(CHECK, *seen(SPA, 200, "GET", ""), target=target)
    assert claim.confidence is Confidence.LIKELY


def test_silent_where_an_application_or_a_rule_refuses_it() -> None:
    proxied = "location /api { proxy_pass http://127.0.0.1:3000; }"
    assert not judge(CHECK, *seen(proxied, 405), target=TARGET)
    assert not judge(CHECK, *seen("location /api { return 405; }", 405), target=TARGET)
    assert not judge(CHECK, *seen(SPA, 405, body="{}"), target=TARGET)
    assert not judge(CHECK, *seen(SPA, 200, "GET", ""), target=TARGET)


def test_fires_on_a_request_in_the_log() -> None:
    failure = FailedRequests(
        file="/a.log", method="POST", path="/api/login", status=405, written="", is_from_page=True
    )
    (claim,) = judge(CHECK, *seen(SPA, 200, "GET", ""), failure)
    assert claim.confidence is Confidence.CERTAIN
    assert (claim.about.path, claim.facts["method"]) == ("/api/login", "POST")
    proxied = "location /api { proxy_pass http://127.0.0.1:3000; }"
    assert not judge(CHECK, *seen(proxied, 200, "GET", ""), failure)


def test_fires_and_names_the_location_of_one_path_above_it() -> None:
    failure = FailedRequests(
        file="/a.log", method="POST", path="/api/login", status=405, written="", is_from_page=True
    )
    one_path = f"{SPA} location = /api/ {{ proxy_pass http://127.0.0.1:3000; }}"
    (claim,) = judge(CHECK, *seen(one_path, 200, "GET", ""), failure)
    assert claim.facts["exact"] == "location = /api/"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "location /api/ {" in str(claim.fix.steps[0])


RAILS = """root /srv; try_files $uri/index.html $uri @app;
    location ~ ^/(assets|api)/ { expires max; }
    location @app { proxy_pass http://127.0.0.1:3000; }"""


def test_fires_and_lets_the_location_fall_back_as_the_server_block_does() -> None:
    """No location inherits the try_files of the server block."""
    (claim,) = judge(CHECK, *seen(RAILS, 405, "DELETE"), target=TARGET)
    assert claim.facts["fallback"] == ""
    assert claim.facts["outer"] == "$uri/index.html $uri @app"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "try_files $uri @app;" in str(claim.fix.steps[0])


def test_fires_without_an_edit_where_the_location_or_the_server_block_leads_elsewhere() -> None:
    own = RAILS.replace("expires max;", "try_files $uri =404;")
    (claim,) = judge(CHECK, *seen(own, 405, "DELETE"), target=TARGET)
    assert (claim.facts["fallback"], claim.facts["outer"]) == ("$uri =404", "")
    for lines in (own, RAILS.replace("$uri @app", "$uri /index.html")):
        (claim,) = judge(CHECK, *seen(lines, 405, "DELETE"), target=TARGET)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_location_falls_back_to_the_application() -> None:
    own = RAILS.replace("expires max;", "try_files $uri @app;")
    assert not judge(CHECK, *seen(own, 405, "DELETE"), target=TARGET)


def test_fires_for_a_method_that_dav_methods_lacks() -> None:
    """After pull request 2 of Nginx-Autoindex: files can be sent, and not be deleted."""
    dav = "root /srv; location /api { dav_methods PUT MKCOL COPY MOVE; }"
    target = parse_target("DELETE https://shop.example.com/api/login 405 (Not Allowed)")
    (claim,) = judge(CHECK, *seen(dav, 200, "GET", ""), target=target)
    assert claim.facts["method"] == "DELETE"
    assert claim.facts["dav"] == "dav_methods PUT MKCOL COPY MOVE"
    allowed = dav.replace("MOVE", "MOVE DELETE")
    assert not judge(CHECK, *seen(allowed, 200, "GET", ""), target=target)
    posted = parse_target("POST https://shop.example.com/api/login 405 (Not Allowed)")
    assert not judge(CHECK, *seen(dav, 200, "GET", ""), target=posted)


LOGIN = "https://shop.example.com/api/login"


def test_fires_on_what_the_page_sends() -> None:
    """After issue 10434 of ant-design-pro: no location for the interface."""
    (claim,) = judge(CHECK, *seen(SPA, 200, "GET", ""), loads(posts=(LOGIN,)))
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["form"], claim.facts["path"]) == (True, "/api/login")
    sent = loads(script()), answered(script(), sent_paths=("/api/login",))
    (claim,) = judge(CHECK, *seen(SPA, 200, "GET", ""), *sent, masked=False)
    assert claim.facts["sender"] == "https://shop.example.com/app.js"


def test_silent_on_what_the_page_sends_where_something_takes_it() -> None:
    page_with_form = loads(posts=(LOGIN,))
    for lines in (
        "root /srv; location /api/ { proxy_pass http://127.0.0.1:3000; }",
        "root /srv; location / { try_files $uri @app; } location @app { proxy_pass http://a:1; }",
        "root /srv; location / { if ($request_method = POST) { proxy_pass http://a:1; } }",
        "root /srv; error_page 405 =200 $uri; location / { }",
        "location /api/ { return 204; }",
        "root /srv; location / { try_files $uri /index.php; }"
        " location ~ \\.php$ { fastcgi_pass a:1; }",
    ):
        assert not judge(CHECK, *seen(lines, 200, "GET", ""), page_with_form)
    handled = loads(posts=(LOGIN,), handles_forms=True)
    assert not judge(CHECK, *seen(SPA, 200, "GET", ""), handled)
    by_script = loads(script(), posts=(LOGIN,)), answered(script(), handles_forms=True)
    assert not judge(CHECK, *seen(SPA, 200, "GET", ""), *by_script, masked=False)
    own = loads(posts=("https://shop.example.com/", "https://forms.example.net/x"))
    assert not judge(CHECK, *seen(SPA, 200, "GET", ""), own)


RULE = (
    "root /srv/public; location / {{ if ({} $request_filename) {{"
    " rewrite ^(.*)$ /index.php?s=$1 last; break; }} }}"
    " location ~ \\.php$ {{ fastcgi_pass 127.0.0.1:9000; }}"
)
KEPT = RULE.format("!-e")


@pytest.mark.parametrize(
    ("message", "method"),
    [
        ("put、patch 不会进行重写，返回405错误", "PUT"),
        ("OPTIONS 405", "OPTIONS"),
        ("405 Not Allowed", "PUT"),
    ],
)
def test_fires_on_the_folder_that_a_rule_leaves_to_files(message: str, method: str) -> None:
    target = replace(SHOP, symptom=Symptom("status", message, 405))
    (claim,) = judge(CHECK, *seen(KEPT, 200, "GET", ""), target=target)
    assert (claim.facts["method"], claim.confidence) == (method, Confidence.LIKELY)
    assert claim.facts["rule"] == "if (!-e $request_filename)"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "if (!-f $request_filename)" in str(claim.fix.steps[0])


def test_fires_on_the_folder_by_the_log_or_by_the_answer() -> None:
    failure = FailedRequests(
        file="/a.log", method="PUT", path="/", status=405, written="", is_from_page=True
    )
    (logged,) = judge(CHECK, *seen(KEPT, 200, "GET", ""), failure)
    assert logged.confidence is Confidence.CERTAIN
    (asked,) = judge(CHECK, *seen(KEPT, 405, "PUT"))
    assert asked.confidence is Confidence.CERTAIN


@pytest.mark.parametrize(
    "lines",
    [
        RULE.format("!-f"),
        KEPT.replace("^(.*)$", "^/(.+)$"),
        KEPT.replace("root", "error_page 405 =200 /index.php; root"),
        KEPT.replace("location / {", "location / { dav_methods PUT;"),
        KEPT.replace("location / {", "location / { if ($request_method = PUT) { return 403; }"),
    ],
)
def test_silent_where_the_folder_is_the_applications(lines: str) -> None:
    target = replace(SHOP, symptom=Symptom("status", "PUT 405", 405))
    claims = judge(CHECK, *seen(lines, 200, "GET", ""), target=target)
    assert not any(claim.facts["rule"] for claim in claims)


def test_silent_where_the_message_is_about_a_post_or_no_page_came() -> None:
    target = replace(SHOP, symptom=Symptom("status", "POST 405", 405))
    assert not judge(CHECK, *seen(KEPT, 200, "GET", ""), target=target)
    put = replace(SHOP, symptom=Symptom("status", "PUT 405", 405))
    assert not judge(CHECK, *seen(KEPT, 404, "GET", ""), target=put)
    assert not judge(CHECK, *seen(KEPT, 200, "GET", ""))


def test_a_form_outside_of_the_folder_of_its_page_follows_from_the_missing_folder() -> None:
    trial = PageFileTrial(
        page="https://shop.example.com/app/", file="https://shop.example.com/static/app.css",
        url="https://shop.example.com/app/static/app.css", prefix="/app", address="203.0.113.10",
        port=443, is_absolute=True, status=200, is_used=True,
    )  # fmt: skip
    sent = loads(posts=(LOGIN,))
    (claim,) = judge(CHECK, *seen(SPA, 200, "GET", ""), sent, trial)
    assert claim.consequence_of == ("http.base-path-missing",)
    for other in (replace(trial, is_used=False), replace(trial, prefix="/api")):
        (claim,) = judge(CHECK, *seen(SPA, 200, "GET", ""), sent, other)
        assert claim.consequence_of == ()


#: Issue 220 of skydiver/october-plugin-forms: the static copy of a page with a form.
STATIC = (
    ("Server", "nginx/1.26.3"),
    ("Last-Modified", "Tue, 01 Sep 2026 10:00:00 GMT"),
    ("ETag", '"66d4-5f"'),
    ("Accept-Ranges", "bytes"),
)
CHOICE = "  if ($request_method = POST) { rewrite ^ /index.php; }\n  try"
NAMED = replace(SHOP, path="/t/a.html", symptom=Symptom("status", "POST /t/a.html 405", 405))
FILES = (
    "root /srv/shop;\n location / {\n  try_files $uri $uri/ @app;\n }\n"
    " location @app { proxy_pass http://127.0.0.1:3000; }"
)


def test_fires_for_a_file_that_is_asked_for_by_its_own_name() -> None:
    """The application knows no such page: the file is the answer."""
    url = "https://shop.example.com/t/a.html"
    running, given, answer = seen(FILES, 200, "GET", "<section>")
    file = replace(answer, url=url, headers=STATIC)
    (claim,) = judge(CHECK, running, given, file, target=NAMED)
    assert claim.facts["named"] is True
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "+  error_page 405 =200 $uri;" in edit.diff
    _, given, _ = seen(FILES.replace("try_files $uri", "try_files /static$uri"), 200)
    (claim,) = judge(CHECK, running, given, file, target=NAMED)
    assert claim.facts["named"] is False


CONTACT = replace(SHOP, path="/contact", symptom=Symptom("status", "405 on the form", 405))
COPIES = (
    "root /srv/shop;\n location / {\n  try_files /static$uri.html $uri /index.php?$query_string;\n"
    " }\n"
    " location ~ \\.php$ { fastcgi_pass 127.0.0.1:9000; }"
)


def contact(lines: str, headers: tuple[tuple[str, str], ...] = STATIC) -> tuple[Any, ...]:
    running, given, answer = seen(lines, 200, "GET", "<!doctype html><form>")
    url = "https://shop.example.com/contact"
    return running, given, replace(answer, url=url, headers=headers)


def test_fires_where_a_file_stands_before_the_application() -> None:
    (claim,) = judge(CHECK, *contact(COPIES), target=CONTACT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["led"] == "/index.php?$query_string"
    assert claim.fix
    (edit,) = claim.fix.edits
    assert (
        "+  if ($request_method !~ ^(GET|HEAD)$) {\n+      rewrite ^ /index.php last;" in edit.diff
    )


def test_a_named_location_gets_the_method() -> None:
    named = COPIES.replace("/index.php?$query_string", "@app").replace("~ \\.php$", "@app")
    (claim,) = judge(CHECK, *contact(named), target=CONTACT)
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "+  error_page 405 = @app;" in edit.diff
    hidden = named.replace("root /srv", "error_page 500 /500.html;\n root /srv")
    (claim,) = judge(CHECK, *contact(hidden), target=CONTACT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        (COPIES, (*STATIC, ("X-Powered-By", "PHP/8.2"))),
        (COPIES, STATIC[:1]),
        (COPIES.replace("  try", CHOICE), STATIC),
        (COPIES.replace("  try", "  error_page 405 = @x;\n  try"), STATIC),
    ],
    ids=("a program's", "no file", "a rule for it", "a page for it"),
)  # fmt: skip
def test_silent_where_a_program_answers_or_a_rule_leads_on(
    lines: str, headers: tuple[tuple[str, str], ...]
) -> None:
    assert not judge(CHECK, *contact(lines, headers), target=CONTACT)
