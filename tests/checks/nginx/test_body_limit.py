"""nginx.body-limit: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.applications import ReadSetting
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page
from tests.support.page_evidence import loads

CHECK = "nginx.body-limit"
PASTED = replace(SHOP, symptom=Symptom("body-size", "413 Request Entity Too Large", 413))


def claims(limit: str = "", *more: Any, target: Any = PASTED) -> list[Any]:
    text = (
        f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {limit}\n"
        " location / { proxy_pass http://127.0.0.1:3000; }\n}\n"
    )
    return judge(CHECK, RUNNING, config(text), page(200), *more, target=target)


def test_fires_with_the_default() -> None:
    (claim,) = claims()
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["limit"], claim.facts["set"]) == ("1m", False)

    assert claim.fix.applicability is Applicability.REVIEW
    assert "client_max_body_size 64m;\n" in claim.fix.steps[0].diff


def test_a_large_limit_is_likely_only_where_a_size_is_told() -> None:
    (claim,) = claims("client_max_body_size 48m;")
    assert claim.confidence is Confidence.POSSIBLE
    words = "413 Request Entity Too Large, files over 48 MB fail"
    sized = replace(SHOP, symptom=Symptom("body-size", words, 413))
    (claim,) = claims("client_max_body_size 48m;", target=sized)
    assert claim.confidence is Confidence.LIKELY


def test_fires_with_the_limit_that_is_set() -> None:
    (claim,) = claims("client_max_body_size 8m;")
    assert (claim.facts["limit"], claim.facts["set"]) == ("8m", True)
    assert "+ client_max_body_size 64m;\n" in claim.fix.steps[0].diff


def test_the_limit_of_the_edit_takes_the_upload_of_the_message() -> None:
    text = "client intended to send too large body: 100000000 bytes"
    (claim,) = claims(target=replace(SHOP, symptom=Symptom("body-size", text)))
    assert "client_max_body_size 128m;" in claim.fix.steps[0].diff


def test_a_limit_that_somebody_set_is_raised_only_where_a_person_asks() -> None:
    failure = FailedRequests(file="/a.log", method="POST", path="/upload", status=413, written="")
    (claim,) = claims("client_max_body_size 8m;", failure, target=SHOP)
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_without_the_message_a_limit_or_where_the_log_says_more() -> None:
    assert not claims(target=SHOP)
    assert not claims("client_max_body_size 0;")
    assert not claims("client_max_body_size 1g;")
    line = logged("client intended to send too large body: 2097152 bytes", path="/upload")
    assert not claims("", LOG_READ, line)


def test_silent_where_the_limit_allows_the_upload_of_the_message() -> None:
    text = "client intended to send too large body: 3520276 bytes"
    target = replace(SHOP, symptom=Symptom("body-size", text))
    assert claims(target=target)
    assert not claims("client_max_body_size 10m;", target=target)


def test_silent_where_what_was_sent_is_far_below_the_limit() -> None:
    def told(words: str) -> Any:
        return replace(SHOP, symptom=Symptom("status", words, 413))

    words = "no puedo subir archivos de 5 MB, error 413"
    assert not claims("client_max_body_size 50m;", target=told(words))
    assert claims("client_max_body_size 1m;", target=told(words))
    # One that is the limit does not say what was sent.
    assert claims("client_max_body_size 5m;", target=told(words))


def test_fires_as_a_note_on_a_request_in_the_log() -> None:
    failure = FailedRequests(file="/a.log", method="POST", path="/upload", status=413, written="")
    (claim,) = claims("", failure, target=SHOP)
    assert claim.severity is Severity.NOTE
    assert claim.facts["url"] == "https://shop.example.com/upload"
    (claim,) = claims("", failure)
    assert claim.severity is None


def test_fires_as_a_note_on_a_form_for_files_where_nobody_has_set_a_limit() -> None:
    """After issue 344 of bookwyrm: pictures above 1 MB. A site whose files are small is healthy."""
    form = loads(uploads=("https://shop.example.com/avatar",))
    (claim,) = claims("", form, target=SHOP)
    assert claim.severity is Severity.NOTE
    assert claim.facts["url"] == "https://shop.example.com/avatar"
    assert not claims("client_max_body_size 1m;", form, target=SHOP)
    elsewhere = loads(uploads=("https://files.example.net/avatar",))
    assert not claims("", elsewhere, target=SHOP)


OF_A_PAGE = FailedRequests(
    file="/a.log", method="POST", path="/upload", status=413, written="", is_from_page=True,
    times=2,
)  # fmt: skip


@pytest.mark.parametrize("limit", ["", "client_max_body_size 2m;"])
def test_fires_as_a_warning_where_pages_of_the_site_meet_the_limit(limit: str) -> None:
    (claim,) = claims(limit, OF_A_PAGE, target=SHOP)
    assert claim.severity is None
    by_a_script = replace(OF_A_PAGE, is_from_page=False)
    (claim,) = claims(limit, by_a_script, target=SHOP)
    assert claim.severity is Severity.NOTE


def test_silent_where_the_application_refuses_the_upload() -> None:
    """nginx writes a line for each body that it refuses itself."""
    assert not claims("client_max_body_size 8m;", OF_A_PAGE, LOG_READ, target=SHOP)
    assert claims("", OF_A_PAGE, replace(LOG_READ, level="crit"), target=SHOP)


UPLOAD = replace(SHOP, symptom=Symptom("upload", "cannot upload large videos"))


def test_fires_after_words_about_an_upload_without_a_status() -> None:
    (claim,) = claims(target=UPLOAD)
    assert claim.facts["told"]
    assert claim.severity is None
    (claim,) = claims("", loads(sent_paths=("/login", "/api/assets")), target=UPLOAD)
    assert claim.about.path == "/api/assets"


def test_silent_after_words_about_an_upload_where_large_ones_are_taken() -> None:
    assert not claims("client_max_body_size 0;", target=UPLOAD)
    assert not claims("location /api { client_max_body_size 5g; }", target=UPLOAD)


def test_fires_for_a_later_location_of_the_way() -> None:
    text = """server {
        listen 443 ssl;
        server_name shop.example.com;
        root /srv;
        location / { client_max_body_size 1g; try_files $uri /index.php; }
        location ~ \\.php$ { %s fastcgi_pass 127.0.0.1:9000; }
    }
    """
    (claim,) = judge(CHECK, RUNNING, config(text % ""), page(200), target=PASTED)
    assert (claim.facts["limit"], claim.facts["set"]) == ("1m", False)
    own = text % "client_max_body_size 1g;"
    assert not judge(CHECK, RUNNING, config(own), page(200), target=PASTED)


def test_fires_for_the_block_behind() -> None:
    behind = """server {
        listen 127.0.0.1:3000;
        location / { client_max_body_size 2m; proxy_pass http://127.0.0.1:3001; }
    }
    """
    front = """server {
        listen 443 ssl;
        server_name shop.example.com;
        client_max_body_size 1g;
        location / { proxy_pass http://127.0.0.1:3000; }
    }
    """
    (claim,) = judge(CHECK, RUNNING, config(front + behind), page(200), target=PASTED)
    assert claim.facts["limit"] == "2m"
    assert not judge(CHECK, RUNNING, config(front), page(200), target=PASTED)


def test_the_size_that_a_message_tells_decides() -> None:
    told = replace(SHOP, symptom=Symptom("upload", "files above 1 MB fail"))
    (claim,) = claims(target=told)
    assert (claim.facts["limit"], claim.severity) == ("1m", None)
    # Smaller files fail, too: it is another limit.
    assert not claims("client_max_body_size 50m;", target=told)
    large = replace(SHOP, symptom=Symptom("upload", "uploads over 100 MB fail"))
    (claim,) = claims("client_max_body_size 100m;", target=large)
    assert "client_max_body_size 512m;" in claim.fix.steps[0].diff


@pytest.mark.parametrize(
    ("locations", "url", "limit"),
    [
        (("/upload client_max_body_size 8m;",), "/upload", "8m"),
        (("/upload client_max_body_size 8m;", "/api/"), "/upload", "8m"),
        (("/api/ client_max_body_size 8m;",), "/api/", "8m"),
        # Which of them takes the upload, nothing shows.
        (("/api/ client_max_body_size 8m;", "/app/"), "/", "1m"),
    ],
)
def test_a_first_page_that_is_a_file_takes_no_upload(
    locations: tuple[str, ...], url: str, limit: str
) -> None:
    lines = "".join(
        f" location {path} {{ {setting} proxy_pass http://127.0.0.1:3000; }}\n"
        for path, _, setting in (text.partition(" ") for text in locations)
    )
    text = (
        "server {\n listen 443 ssl;\n server_name shop.example.com;\n"
        f" location / {{ root /var/www; }}\n{lines}}}\n"
    )
    (claim,) = judge(CHECK, RUNNING, config(text), page(200), target=PASTED)
    assert claim.facts["url"] == f"https://shop.example.com{url}"
    assert claim.facts["limit"] == limit


def test_silent_where_a_framework_refused_the_body_and_its_limit_is_large_by_now() -> None:
    words = "PayloadTooLargeError: request entity too large"
    target = replace(SHOP, symptom=Symptom("body-size", words))
    raised = ReadSetting(
        application="express", topic="body_limit", key="limit", file="/srv/shop/server.js"
    )
    assert claims("", target=target)
    assert not claims("", raised, target=target)
    assert claims("", raised), "nginx may have answered 413 itself"
