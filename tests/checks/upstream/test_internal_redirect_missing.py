"""upstream.internal-redirect-missing: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

from diagnose.model import Confidence, Vantage
from diagnose.model.requests import ComparedRequest
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import LOG_READ, logged, page

CHECK = "upstream.internal-redirect-missing"
TARGET = replace(SHOP, path="/report")
APP = "location / { proxy_pass http://127.0.0.1:3000; }"
PROTECTED = "location /protected/ { internal; root /srv/media; }"
OPEN = 'open() "/srv/media/protected/report.pdf" failed (2: No such file or directory)'
CYCLE = (
    'rewrite or internal redirection cycle while internally redirecting to "/protected/report.pdf"'
)
HEADER = ComparedRequest(
    vantage=Vantage.SERVER, target="http://127.0.0.1:3000", path="/report", address="127.0.0.1",
    port=3000, status=200, internal_redirect="/protected/report.pdf",
)  # fmt: skip


def seen(lines: str, status: int, text: str, *more: Any) -> tuple[Any, ...]:
    block = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    response = replace(page(status), url="https://shop.example.com/report")
    return RUNNING, config(block), response, LOG_READ, logged(text, path="/report"), *more


def test_fires_on_a_root_that_should_be_an_alias() -> None:
    (claim,) = judge(CHECK, *seen(f"{APP} {PROTECTED}", 404, OPEN, HEADER), target=TARGET)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["location"] == "location /protected/"
    assert claim.facts["file"] == "/srv/media/protected/report.pdf"


def test_fires_where_no_location_has_the_path() -> None:
    (claim,) = judge(CHECK, *seen(APP, 500, CYCLE), target=TARGET)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["lost"] is True


def test_silent_where_nginx_itself_leads_to_the_file() -> None:
    own = "location / { proxy_pass http://127.0.0.1:3000; error_page 404 /404.html; }"
    assert not judge(CHECK, *seen(own, 404, OPEN), target=TARGET)
    files = "location / { root /srv/media; }"
    assert not judge(CHECK, *seen(files, 404, OPEN), target=TARGET)
    assert not judge(CHECK, *seen(APP, 200, OPEN, HEADER), target=TARGET)


def test_silent_where_the_application_answers_itself() -> None:
    """The line is of the packaged block on port 80, which has `error_page 404 /404.html`."""
    without = replace(HEADER, status=404, internal_redirect="")
    assert not judge(CHECK, *seen(APP, 404, OPEN, without), target=TARGET)


def test_silent_about_a_line_of_another_server_block() -> None:
    (running, configuration, response, read, line) = seen(APP, 404, OPEN)
    other = replace(line, server="_")
    assert not judge(CHECK, running, configuration, response, read, other, target=TARGET)
    assert judge(CHECK, running, configuration, response, read, line, target=TARGET)
