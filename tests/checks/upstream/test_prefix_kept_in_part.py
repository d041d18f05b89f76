"""upstream.prefix-kept-in-part: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.nginx.inner_paths import INNER
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.upstream_evidence import compared, controlled

CHECK = "upstream.prefix-kept-in-part"
PATH = "/chat/api/status"
CHAT = "location /chat/api { proxy_pass http://127.0.0.1:3000; }"
AS_NGINX = compared(404, path=PATH)
INNER_PATH = compared(
    200, "path", INNER, change="replaced", original=PATH, value="/api/status", path=PATH
)
UNKNOWN = compared(404, "unknown-path", value="/api/status-1a2b", path=PATH)


def claims(lines: str, *requests: ComparedRequest) -> list[Claim]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    target = replace(SHOP, path=PATH)
    answer = replace(page(404), url=f"https://shop.example.com{PATH}")
    return judge(CHECK, RUNNING, config(text), answer, *requests, target=target)


@pytest.mark.parametrize("uri", ["", "/", "/other"])
def test_fires_and_writes_the_part_that_stays(uri: str) -> None:
    lines = CHAT.replace("3000;", f"3000{uri};")
    (claim,) = claims(lines, *controlled(AS_NGINX, INNER_PATH), UNKNOWN)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["removed"], claim.facts["kept"]) == ("/chat", "/api")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "proxy_pass http://127.0.0.1:3000/api;" in edit.diff


def test_a_slash_at_the_end_of_the_location_stays() -> None:
    lines = CHAT.replace("/chat/api {", "/chat/api/ {")
    (claim,) = claims(lines, *controlled(AS_NGINX, INNER_PATH), UNKNOWN)
    assert claim.facts["kept"] == "/api/"


def test_a_person_changes_a_rewrite() -> None:
    lines = CHAT.replace("{ proxy", "{ rewrite ^/chat/api/(.*)$ /$1 break; proxy")
    (claim,) = claims(lines, *controlled(AS_NGINX, INNER_PATH), UNKNOWN)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_any_path_is_there_or_the_whole_prefix_goes() -> None:
    page_for_all = replace(UNKNOWN, status=200)
    assert not claims(CHAT, *controlled(AS_NGINX, INNER_PATH), page_for_all)
    assert not claims(CHAT, *controlled(AS_NGINX, INNER_PATH)), "no control"
    whole = replace(INNER_PATH, name="", value="/status")
    assert not claims(CHAT, *controlled(AS_NGINX, whole), UNKNOWN)
    assert not claims(CHAT, *controlled(AS_NGINX, replace(INNER_PATH, status=404)), UNKNOWN)
