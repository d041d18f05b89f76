"""upstream.request-timed-out: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Edit, Observation, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import BUILD, LOADED, RUNNING, SITE, config
from tests.support.upstream_evidence import logged, page

CHECK = "upstream.request-timed-out"
MESSAGE = (
    "upstream timed out (110: Connection timed out) while reading response header from upstream"
)
CONNECTING = "upstream timed out (110: Connection timed out) while connecting to upstream"
FAILED = FailedRequests(
    file="/var/log/nginx/access.log", method="POST", path="/api/export", status=504,
    written="at 18:01", is_from_page=True,
)  # fmt: skip
LINE = logged(MESSAGE, request="POST /api/export HTTP/1.1")
API = "    location /api/ {\n        proxy_pass http://127.0.0.1:3000;\n    }\n\n    location / {"
SHOP = SITE.replace("    location / {", API)


def judged(*observations: Observation, text: str = SHOP) -> list[Claim]:
    return judge(CHECK, config(text), BUILD, RUNNING, page(200), *observations)


def edit_of(claim: Claim) -> str:
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_on_a_request_that_both_logs_have() -> None:
    (claim,) = judged(FAILED, LINE)
    assert claim.severity is None
    assert claim.about.path == "/api/export"
    assert (claim.facts["patience"], claim.facts["short"]) == (60, False)
    assert "+        proxy_read_timeout 300s;\n" in edit_of(claim)


PAGED = SHOP.replace(
    "    location /api/ {", "    error_page 502 504 = @sorry;\n    location /api/ {", 1
)


def test_fires_where_a_page_for_the_failure_refuses_a_post() -> None:
    """http://muratknecht.de/tech/why-nginx-returns-405-post-504-gateway-timeout-other-gotchas-error-page-directive/."""
    refused = replace(FAILED, status=405)
    (claim,) = judged(refused, LINE, text=PAGED)
    assert claim.facts["refusing"] == "error_page 502 504 = @sorry"
    assert "+        proxy_read_timeout 300s;\n" in edit_of(claim)
    assert not judged(refused, LINE)
    assert not judged(refused, text=PAGED)
    assert not judged(refused, LINE, text=PAGED.replace("504", "503"))
    assert not judged(refused, LINE, text=PAGED.replace("@sorry", "https://status.example.com"))
    gets = logged(MESSAGE, request="GET /api/export HTTP/1.1")
    assert not judged(replace(refused, method="GET"), gets, text=PAGED)


def test_fires_and_changes_the_time_that_is_set() -> None:
    text = SHOP.replace(
        "proxy_pass http://127.0.0.1:3000;\n    }\n\n",
        "proxy_pass http://127.0.0.1:3000;\n        proxy_read_timeout 4m;\n    }\n\n",
    )
    (claim,) = judged(FAILED, LINE, text=text)
    assert claim.facts["set"] == "proxy_read_timeout 4m"
    assert "-        proxy_read_timeout 4m;\n+        proxy_read_timeout 480s;\n" in edit_of(claim)


@pytest.mark.parametrize("gateway", ["fastcgi", "uwsgi", "scgi", "grpc"])
def test_fires_for_each_gateway_by_its_own_directive(gateway: str) -> None:
    text = SHOP.replace("proxy_pass http://127.0.0.1:3000;", f"{gateway}_pass 127.0.0.1:9000;", 1)
    line = logged(
        MESSAGE, request="POST /api/export HTTP/1.1", upstream=f"{gateway}://127.0.0.1:9000"
    )
    (claim,) = judged(FAILED, line, text=text)
    assert claim.facts["directive"] == f"{gateway}_read_timeout"
    assert claim.facts["php"] is (gateway == "fastcgi")
    assert f"+        {gateway}_read_timeout 300s;\n" in edit_of(claim)


def test_fires_for_the_location_to_which_a_missing_file_leads() -> None:
    php = "    location ~ \\.php$ {\n        fastcgi_pass 127.0.0.1:9000;\n    }\n"
    text = SITE.replace("    location / {", f"{php}    location / {{").replace(
        "proxy_pass http://127.0.0.1:3000;", "try_files $uri /index.php?$args;"
    )
    line = logged(MESSAGE, request="POST /api/export HTTP/1.1", upstream="fastcgi://127.0.0.1:9000")
    (claim,) = judged(FAILED, line, text=text)
    assert claim.facts["directive"] == "fastcgi_read_timeout"


def test_fires_once_for_the_requests_of_a_location() -> None:
    other = replace(FAILED, path="/api/report", method="GET")
    (claim,) = judged(FAILED, LINE, other, logged(MESSAGE, request="GET /api/report HTTP/1.1"))
    assert claim.facts["others"] == 1
    assert {subject.path for subject in claim.covers} == {"/api/export", "/api/report"}


def test_fires_as_a_note_on_a_single_request_of_a_program() -> None:
    once = replace(FAILED, is_from_page=False)
    (claim,) = judged(once, LINE)
    assert claim.severity is Severity.NOTE
    (claim,) = judged(replace(once, times=2), LINE)
    assert claim.severity is None


@pytest.mark.parametrize(
    "observations",
    [
        (FAILED,),
        (LINE,),
        (replace(FAILED, status=502), LINE),
        (FAILED, logged(MESSAGE, request="GET /api/export HTTP/1.1")),
        (FAILED, logged(MESSAGE, request="POST /api/other HTTP/1.1")),
        (FAILED, logged(MESSAGE, request="POST /api/export HTTP/1.1", when=LOADED - 60)),
        (FAILED, logged(CONNECTING, request="POST /api/export HTTP/1.1")),
    ],
    ids=["no line", "no request", "another status", "another method", "another path",
         "before the last reload", "never connected"],
)  # fmt: skip
def test_silent_when(observations: tuple[Observation, ...]) -> None:
    assert not judged(*observations)


def test_silent_where_the_application_answers_504_itself() -> None:
    text = SHOP.replace("proxy_pass http://127.0.0.1:3000;", "return 504;", 1)
    assert not judged(FAILED, LINE, text=text)


# A block of nginx behind another one

BEHIND = SITE.replace("443 ssl", "127.0.0.1:8080").replace("127.0.0.1:3000", "127.0.0.1:3010")
FRONT = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080")


def test_fires_for_the_block_behind_that_gave_up() -> None:
    behind = BEHIND.replace("proxy_set_header", "proxy_read_timeout 3s;\n proxy_set_header", 1)
    line = logged(
        MESSAGE, request="POST /api/export HTTP/1.1", upstream="http://127.0.0.1:3010/api/export"
    )
    (claim,) = judged(FAILED, line, text=f"{FRONT}\n{behind}")
    assert claim.facts["set"] == "proxy_read_timeout 3s"
    assert claim.facts["application"] == "127.0.0.1:3010"
    assert edit_of(claim).count("+        proxy_read_timeout 300s;\n") >= 1


def test_fires_for_the_front_block_where_that_one_gave_up() -> None:
    line = logged(
        MESSAGE, request="POST /api/export HTTP/1.1", upstream="http://127.0.0.1:8080/api/export"
    )
    (claim,) = judged(FAILED, line, text=f"{FRONT}\n{BEHIND}")
    assert claim.facts["application"] == "127.0.0.1:8080"
    assert edit_of(claim).count("proxy_read_timeout 300s;") == 2, "the next one would give up"
