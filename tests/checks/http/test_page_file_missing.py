from dataclasses import replace

import pytest

from diagnose.model import Edit, Failure, Observation, Severity
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import answered, description, loads, module, picture, script, sheet
from tests.support.upstream_evidence import page

CHECK = "http.page-file-missing"


def test_fires_once_for_all_files_that_answer_with_an_error() -> None:
    page = loads(sheet(), script())
    (claim,) = judge(CHECK, page, answered(sheet(), 404), answered(script(), 403))
    assert claim.facts["file"] == "https://shop.example.com/app.css"
    assert claim.facts["others"] == ("https://shop.example.com/app.js",)
    assert claim.severity is Severity.ERROR, "it has no style at all"


def test_fires_as_a_warning_where_the_page_still_appears() -> None:
    page = loads(sheet(), sheet("/print.css"), script())
    (claim,) = judge(
        CHECK, page, answered(sheet(), 404), answered(sheet("/print.css")), answered(script())
    )
    assert claim.severity is Severity.WARNING
    (claim,) = judge(CHECK, loads(sheet(), has_style=True), answered(sheet(), 404))
    assert claim.severity is Severity.WARNING, "it has a style of its own"
    (claim,) = judge(CHECK, loads(script()), answered(script(), 502))
    assert claim.severity is Severity.WARNING
    assert claim.facts["gateway"]


def test_fires_as_an_error_where_the_page_stays_empty() -> None:
    page = loads(module(), sheet(), is_empty=True)
    (claim,) = judge(CHECK, page, answered(module(), 404), answered(sheet()))
    assert claim.severity is Severity.ERROR


def test_fires_as_a_note_for_a_file_that_the_page_does_not_wait_for() -> None:
    late = script("/count.js", is_optional=True)
    (claim,) = judge(CHECK, loads(late, sheet()), answered(late, 404), answered(sheet()))
    assert claim.severity is Severity.NOTE


def test_fires_as_a_warning_for_a_picture() -> None:
    (claim,) = judge(CHECK, loads(picture()), answered(picture(), 404, "text/html"))
    assert claim.severity is Severity.WARNING
    assert claim.facts["image"]


def test_fires_as_a_note_for_one_picture_where_those_of_another_folder_come() -> None:
    lost, there = picture("/old/logo.png"), picture("/img/shop.png")
    page = loads(lost, there)
    answers = answered(lost, 404, "text/html"), answered(there, 200, "image/png")
    (claim,) = judge(CHECK, page, *answers)
    assert claim.severity is Severity.NOTE
    (claim,) = judge(CHECK, page, answers[0], answered(there, 404, "text/html"))
    assert claim.severity is Severity.WARNING


@pytest.mark.parametrize(
    "response",
    [
        answered(sheet()),
        answered(sheet(), 429),
        answered(sheet(), 503),
        answered(sheet(), 403, headers=(("cf-mitigated", "challenge"),)),
        answered(sheet(), 302, redirects=("https://login.example.net/",)),
        answered(sheet(), content_type="text/plain"),
    ],
    ids=str,
)
def test_silent_about_other_answers(response: Observation) -> None:
    """A limit may be ours; a redirect to another origin was not followed."""
    assert not judge(CHECK, loads(sheet()), response)


def test_silent_about_what_was_not_answered() -> None:
    failed = answered(sheet(), failure=Failure("timeout", "timed out"))
    assert not judge(CHECK, loads(sheet()), failed)
    assert not judge(CHECK, answered(sheet(), 404))


def test_names_the_location_that_takes_the_file_from_the_application() -> None:
    static = "    location ~* \\.(js|css)$ { expires 30d; }\n    location / {"
    site = SITE.replace("    location / {", static)
    page = loads(script())
    (claim,) = judge(CHECK, page, answered(script(), 404), config(site))
    assert claim.facts["taken"] == "http://127.0.0.1:3000"
    assert "location ~*" in str(claim.facts["place"])
    passed_on = site.replace("expires 30d;", "try_files $uri @app;")
    (claim,) = judge(CHECK, page, answered(script(), 404), config(passed_on))
    assert not claim.facts["taken"]
    (claim,) = judge(CHECK, page, answered(script(), 404), config())
    assert (claim.facts["taken"], claim.facts["application"]) == ("", "http://127.0.0.1:3000")


def test_fires_as_an_error_where_swagger_ui_has_nothing_to_show() -> None:
    page = loads(sheet(), script(), description())
    observations = (page, answered(sheet()), answered(script()))
    (claim,) = judge(CHECK, *observations, answered(description(), 404))
    assert claim.severity is Severity.ERROR
    assert claim.facts["description"]
    assert not judge(CHECK, *observations, answered(description()))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("/cdn.example.com/assets/app.js", "cdn.example.com"),
        ("/cdn.example.com:8443/app.js", "cdn.example.com:8443"),
        ("/203.0.113.7/app.js", "203.0.113.7"),
        ("/assets/app.js", ""),
        ("/app.js", ""),
        ("/v1.2/app.js", ""),
        ("/jquery.ui/app.js", ""),
        ("/jquery.ui.min/app.js", ""),
        ("/1.2.3/app.js", ""),
        ("/example.com/app.js", "example.com"),
        ("https://cdn.example.net/cdn.example.com/app.js", ""),
    ],
)
def test_names_a_host_that_was_written_without_its_scheme(url: str, host: str) -> None:
    file = script(url)
    (claim,) = judge(CHECK, loads(file), answered(file, 404))
    assert claim.facts["bare"] == host


BELOW = (
    "    location /wx/ {\n        proxy_pass http://127.0.0.1:8080%s;\n    }\n\n    location / {"
)


@pytest.mark.parametrize(
    ("block", "prefix"),
    [
        (BELOW % "", "/wx/"),
        (BELOW % "/", ""),
        (BELOW % "/$request_uri", ""),
        (BELOW.replace("/wx/ {", "/wx {") % "", ""),
        (BELOW.replace("/wx/", "~ ^/wx/") % "", ""),
        (BELOW.replace("{\n ", "{\n rewrite ^/wx(/.*)$ $1 break;\n ", 1) % "", ""),
    ],
)
def test_names_the_prefix_that_a_location_keeps(block: str, prefix: str) -> None:
    own = "https://shop.example.com/wx/"
    lost = script(f"{own}static/app.js")
    text = config(SITE.replace("    location / {", block, 1))
    target = replace(SHOP, path="/wx/")
    observations = text, RUNNING, loads(lost, url=own), answered(lost, 404, page=own)
    (claim,) = judge(CHECK, *observations, target=target, masked=False)
    assert claim.facts["prefix"] == prefix
    if prefix:
        assert claim.facts["direct"] == "http://127.0.0.1:8080/static/app.js"
        assert claim.facts["cut"] == "proxy_pass http://127.0.0.1:8080/;"


def test_silent_about_the_picture_of_a_package_s_page() -> None:
    logo = picture("/icons/openlogo-75.png")
    body = "<!doctype html><title>Apache2 Debian Default Page: It works</title>"
    default = page(200, body)
    shown = loads(logo, url=default.url)
    assert not judge(CHECK, default, shown, answered(logo, 404, content_type="text/html"))
    assert judge(
        CHECK,
        page(200, "<title>Shop</title>"),
        shown,
        answered(logo, 404, content_type="text/html"),
    )


ADDED = "location / {\n        proxy_pass http://127.0.0.1:3000/hydra/;"


def test_names_the_folder_that_nginx_puts_before_a_path_that_has_it() -> None:
    site = SITE.replace("location / {\n        proxy_pass http://127.0.0.1:3000;", ADDED)
    file, other = script("/hydra/app.js"), script("/app.js")
    (claim,) = judge(CHECK, loads(file), answered(file, 404), config(site), RUNNING, masked=False)
    assert claim.facts["doubled"] == "/hydra/"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location /hydra/ {\n+        proxy_pass http://127.0.0.1:3000;" in edit.diff
    (claim,) = judge(CHECK, loads(other), answered(other, 404), config(site), RUNNING)
    assert not claim.facts["doubled"]
