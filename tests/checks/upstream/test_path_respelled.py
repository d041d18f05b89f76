"""upstream.path-respelled: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Claim, Confidence, Edit, Severity, Vantage
from diagnose.model.logs import FailedRequests
from diagnose.model.requests import ComparedRequest
from tests.checks.upstream.test_wrong_path import of_the_log
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, script
from tests.support.upstream_evidence import compared, controlled

CHECK = "upstream.path-respelled"
APP = "location /app { proxy_pass http://127.0.0.1:3000/; }"
QUEUES = "location / { proxy_pass http://127.0.0.1:15672/; }"
ENCODED = "/api/queues/%2F/mail"
DIRECT = ComparedRequest(
    vantage=Vantage.SERVER, target="http://127.0.0.1:15672/", path=ENCODED, address="127.0.0.1",
    port=15672, status=200, part="path", change="replaced", original="/api/queues///mail",
    value=ENCODED,
)  # fmt: skip


def respelled_path(
    lines: str, path: str, status: int, location: str = ""
) -> tuple[Any, tuple[Any, ...]]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    fields = (("Location", location),) if location else ()
    response = replace(page(status), url=f"https://shop.example.com{path}", headers=fields)
    return replace(SHOP, path=path), (RUNNING, config(text), response)


def edit_of(claim: Claim) -> str:
    step = claim.fix.steps[0] if claim.fix else None
    return step.diff if isinstance(step, Edit) else ""


def test_fires_on_a_redirect_to_the_path_with_one_slash() -> None:
    target, observations = respelled_path(APP, "/app/users", 301, "http://shop.example.com/users")
    (claim,) = judge(CHECK, *observations, target=target)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["asked"] == "//users"
    assert claim.fix
    made = edit_of(claim)
    assert "rewrite ^/app/?(.*)$ /$1 break;" in made
    assert "proxy_pass http://127.0.0.1:3000;" in made
    assert "proxy_redirect http://127.0.0.1:3000/ /app/;" in made, "redirects keep the prefix"


@pytest.mark.parametrize(
    ("lines", "made", "unmade"),
    [
        ("location ^~ /app { proxy_pass http://127.0.0.1:3000/base/; }", "/base/$1 break;", "//"),
        ("location /app { proxy_set_header Host $host; proxy_pass http://127.0.0.1:3000/; }",
         "/$1 break;", "proxy_redirect"),
        ("location /app { proxy_redirect off; proxy_pass http://127.0.0.1:3000/; }",
         "/$1 break;", "proxy_redirect http"),
        ("location /app { rewrite ^/x /y; proxy_pass http://127.0.0.1:3000/; }",
         "location /app/ {", "/?(.*)"),
    ],
)  # fmt: skip
def test_one_slash_follows_the_prefix(lines: str, made: str, unmade: str) -> None:
    target, observations = respelled_path(lines, "/app/users", 404)
    (claim,) = judge(CHECK, *observations, target=target, masked=False)
    assert claim.fix
    added = [line for line in edit_of(claim).splitlines() if line.startswith("+ ")]
    assert made in "".join(added)
    assert unmade not in "".join(added).replace("http://", "")


def test_silent_where_the_application_has_the_whole_path() -> None:
    """upstream.wrong-path: one slash less would lead past the page, too."""
    target, observations = respelled_path(APP, "/app/users", 404)
    assert judge(CHECK, *observations, target=target)
    whole = replace(DIRECT, path="/app/users", original="//users", value="/app/users")
    assert not judge(CHECK, *observations, whole, target=target)
    missed = replace(whole, status=404)
    assert judge(CHECK, *observations, missed, target=target)


def test_fires_on_an_encoded_slash_that_the_application_has() -> None:
    target, observations = respelled_path(QUEUES, ENCODED, 404)
    (claim,) = judge(CHECK, *observations, DIRECT, target=target, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert "proxy_pass http://127.0.0.1:15672;" in str(claim.fix.steps[0])


def test_fires_on_a_rewrite_that_writes_two_slashes() -> None:
    lines = "location /app/ { rewrite ^/app(/.*)$ /$1 break; proxy_pass http://127.0.0.1:3000; }"
    target, observations = respelled_path(lines, "/app/users", 404)
    (claim,) = judge(CHECK, *observations, target=target)
    assert (claim.facts["asked"], claim.facts["rewritten"]) == ("//users", True)
    assert claim.confidence is Confidence.LIKELY
    right = lines.replace("/$1 break", "$1 break")
    target, observations = respelled_path(right, "/app/users", 404)
    assert not judge(CHECK, *observations, target=target)


def test_silent_where_the_spelling_is_kept_or_the_page_answers() -> None:
    right = APP.replace("location /app", "location /app/")
    for lines, path, status in (
        (right, "/app/users", 404),
        (QUEUES, "/api/queues/mail", 404),
        (QUEUES.replace("15672/", "15672"), ENCODED, 404),
        (APP, "/app/users", 200),
    ):
        target, observations = respelled_path(lines, path, status)
        assert not judge(CHECK, *observations, target=target)
    target, observations = respelled_path(APP, "/app/users", 302, "https://shop.example.com/login")
    assert not judge(CHECK, *observations, target=target)


def test_fires_on_an_encoded_slash_behind_a_rewrite() -> None:
    lines = (
        "location ~* /rabbitmq/(.*) { rewrite ^/rabbitmq/(.*)$ /$1 break;"
        " proxy_pass http://127.0.0.1:15672; }"
    )
    target, observations = respelled_path(lines, f"/rabbitmq{ENCODED}", 404)
    (claim,) = judge(CHECK, *observations, target=target)
    assert claim.facts["decoded"]
    assert claim.confidence is Confidence.LIKELY
    whole = lines.replace("{ rewrite", "{ rewrite ^ $request_uri; rewrite")
    target, observations = respelled_path(whole, f"/rabbitmq{ENCODED}", 404)
    assert not judge(CHECK, *observations, target=target)


IMAGES = "location /img/ { proxy_pass http://127.0.0.1:8080/; }"
REMOTE = "/img/upload/https://cdn.example.org/b.jpg"
SERVED = replace(DIRECT, target="http://127.0.0.1:8080/", path=REMOTE, port=8080)


def test_fires_where_double_slashes_of_the_path_are_merged() -> None:
    target, observations = respelled_path(IMAGES, REMOTE, 500)
    (claim,) = judge(CHECK, *observations, SERVED, target=target, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["asked"] == "/upload/https:/cdn.example.org/b.jpg"
    assert claim.fix
    assert "+ merge_slashes off;" in str(claim.fix.steps[0])


def test_silent_where_double_slashes_are_kept_or_the_application_fails_for_them_too() -> None:
    target, observations = respelled_path(IMAGES, REMOTE, 500)
    failing = replace(SERVED, status=500)
    assert not judge(CHECK, *observations, failing, target=target)
    for lines in (f"merge_slashes off; {IMAGES}", IMAGES.replace("8080/;", "8080;")):
        target, observations = respelled_path(lines, REMOTE, 500)
        assert not judge(CHECK, *observations, SERVED, target=target)
    target, observations = respelled_path(IMAGES, "/img/a?u=https://b", 500)
    assert not judge(CHECK, *observations, SERVED, target=target)


def test_silent_where_the_application_does_not_know_the_path_with_double_slashes_either() -> None:
    target, observations = respelled_path(IMAGES, REMOTE, 404)
    assert judge(CHECK, *observations, target=target)
    assert judge(CHECK, *observations, SERVED, target=target)
    assert judge(CHECK, *observations, replace(SERVED, status=302), target=target)
    assert not judge(CHECK, *observations, replace(SERVED, status=404), target=target)


CHUNK = "/_next/static/chunks/app/%5Bslug%5D/page-1a.js"
DECODED = CHUNK.replace("%5B", "[").replace("%5D", "]")
LATE = script(CHUNK, is_optional=True)
AS_NGINX = compared(404, path=CHUNK)
AS_VISITOR = compared(200, "path", change="replaced", original=DECODED, value=CHUNK, path=CHUNK)
MADE_UP = compared(404, "unknown-path", value=f"{CHUNK}-diagnose-7f3a", path=CHUNK)


def of_next(lines: str, *requests: ComparedRequest, status: int = 404) -> list[Claim]:
    """A page of Next.js is answered, and not the script that it loads late."""
    target, observations = respelled_path(lines, "/", 200)
    logged = [of_the_log(request) for request in (*controlled(*requests[:2]), *requests[2:])]
    file = loads(LATE), answered(LATE, status)
    return judge(CHECK, *observations, *file, *logged, target=target, masked=False)


def test_fires_on_a_script_whose_brackets_nginx_decodes() -> None:
    (claim,) = of_next(QUEUES, AS_NGINX, AS_VISITOR, MADE_UP)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert (claim.facts["asked"], claim.facts["code"]) == (DECODED, "%5B")
    assert claim.facts["page"] == f"{SHOP.origin}/"
    assert claim.fix
    assert "proxy_pass http://127.0.0.1:15672;" in str(claim.fix.steps[0])


PREFIXED = "/app/a.js"
SLASHES = (
    compared(200, path=PREFIXED, is_html=True),
    compared(200, "path", change="replaced", original="//a.js", value="/a.js", path=PREFIXED),
)
UNKNOWN_PAGE = compared(200, "unknown-path", value="/a-1a2b.js", path=PREFIXED, is_html=True)


def of_console(lines: str, unknown: ComparedRequest = UNKNOWN_PAGE) -> list[Claim]:
    """An application that has one page for all paths: it comes in place of the page's script."""
    target, observations = respelled_path(lines, "/app/", 200)
    logged = [of_the_log(request) for request in (*controlled(*SLASHES), unknown)]
    file = script(PREFIXED)
    seen = loads(file), answered(file, 200, "text/html", is_html=True)
    return judge(CHECK, *observations, *seen, *logged, target=target, masked=False)


def test_fires_on_a_page_in_place_of_a_script_that_is_asked_for_with_two_slashes() -> None:
    (claim,) = of_console(APP)
    assert (claim.facts["asked"], claim.facts["doubled"]) == ("//a.js", True)
    assert claim.confidence is Confidence.CERTAIN
    rewrite = "rewrite ^/app(.*)$ /$1 break; proxy_pass http://127.0.0.1:3000;"
    (claim,) = of_console(f"location /app/ {{ {rewrite} }}")
    assert claim.fix
    assert "+ location /app/ { rewrite ^/app/(.*)$ /$1 break;" in str(claim.fix.steps[0])


def test_silent_where_a_path_that_nobody_has_answers_as_the_script_does() -> None:
    assert not of_console(APP, replace(UNKNOWN_PAGE, is_html=False))


def below_a_prefix(lines: str) -> Claim:
    path = f"/app{CHUNK}"
    requests = [replace(request, path=path) for request in (AS_NGINX, AS_VISITOR, MADE_UP)]
    target, observations = respelled_path(lines, path, 404)
    requests[:2] = controlled(*requests[:2])
    (claim,) = judge(CHECK, *observations, *requests, target=target, masked=False)
    return claim


BELOW = "location /app/ { proxy_pass http://127.0.0.1:15672/; }"


def test_names_what_follows_a_prefix_without_encoding_it_anew() -> None:
    """A numbered group in `set` would be encoded: "?x=1" of the visitor becomes "%3Fx=1"."""
    claim = below_a_prefix(BELOW)
    assert claim.facts["rest_line"] == 'if ($request_uri ~ "^/app(?<rest>/.*)$") { }'
    assert claim.facts["pass_line"] == "proxy_pass http://127.0.0.1:15672$rest;"
    made = edit_of(claim)
    assert str(claim.facts["rest_line"]) in made
    assert str(claim.facts["pass_line"]) in made
    assert "proxy_redirect http://127.0.0.1:15672/ /app/;" in made


@pytest.mark.parametrize(
    ("line", "is_patched"),
    [
        ("proxy_set_header Host $host;", True),
        ("proxy_redirect off;", True),
        ("proxy_redirect default;", False),
        ("if ($request_method = TRACE) { return 405; }", False),
    ],
)
def test_what_follows_a_prefix_beside_other_lines(line: str, is_patched: bool) -> None:
    made = edit_of(below_a_prefix(BELOW.replace("{ ", f"{{ {line} ")))
    assert ("15672$rest;" in made) is is_patched
    assert "proxy_redirect http" not in made


def test_a_host_name_is_no_target_with_variables() -> None:
    """nginx would need a resolver for it."""
    claim = below_a_prefix(BELOW.replace("127.0.0.1", "localhost"))
    assert (claim.facts["rest_line"], edit_of(claim)) == ("", "")


def test_fires_on_a_request_of_the_log() -> None:
    target, observations = respelled_path(QUEUES, "/", 200)
    failed = FailedRequests(
        vantage=Vantage.SERVER, file="/var/log/nginx/access.log", server="nginx", method="GET",
        path=CHUNK, status=404, written="", times=3,
    )  # fmt: skip
    requests = (*controlled(AS_NGINX, AS_VISITOR), MADE_UP)
    logged = [of_the_log(request) for request in requests]
    (claim,) = judge(CHECK, *observations, failed, *logged, target=target, masked=False)
    assert claim.facts["url"] == f"{SHOP.origin}{CHUNK}"
    assert not judge(CHECK, *observations, *logged, target=target, masked=False)


def of_visitors(lines: str, *requests: ComparedRequest, status: int = 404) -> list[Claim]:
    """A page of the site asked for ENCODED, and this run asked the application for it."""
    target, observations = respelled_path(lines, "/", 200)
    failed = FailedRequests(
        vantage=Vantage.SERVER, file="/var/log/nginx/access.log", server="nginx", method="DELETE",
        path=ENCODED, status=status, written="", is_from_page=True,
    )  # fmt: skip
    logged = [of_the_log(request) for request in requests]
    return judge(CHECK, *observations, failed, *logged, target=target, masked=False)


def test_behind_a_login_the_visitors_404_tells() -> None:
    as_nginx, as_visitor = compared(401, path=ENCODED), replace(DIRECT, status=401)
    (claim,) = of_visitors(QUEUES, as_nginx, as_visitor, status=405)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["encoded"]
    kept = QUEUES.replace("15672/", "15672")
    assert not of_visitors(kept, as_nginx, as_visitor)
    assert not of_visitors(QUEUES, as_nginx, as_visitor, status=403)
    unknown = compared(404, path=ENCODED), replace(DIRECT, status=404)
    assert not of_visitors(QUEUES, *unknown), "no login: the answers decide"


def test_silent_where_the_script_is_there_for_no_encoding_or_for_each_path() -> None:
    assert not of_next(QUEUES, AS_NGINX, replace(AS_VISITOR, status=404), MADE_UP)
    assert not of_next(QUEUES, AS_NGINX, AS_VISITOR, replace(MADE_UP, status=200))
    assert not of_next(QUEUES, AS_NGINX, AS_VISITOR, MADE_UP, status=200)
