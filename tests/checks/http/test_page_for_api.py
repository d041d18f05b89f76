"""http.page-for-api: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Manual, Where
from diagnose.model.symptom import Symptom
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_evidence import answered, loads, module
from tests.support.upstream_evidence import page

CHECK = "http.page-for-api"
SHELL = "<!doctype html><title>Shop</title><div id=app></div>"


def judged(
    path: str, body: str = SHELL, is_empty: bool = True, reads: tuple[str, ...] = (), data: str = ""
) -> list[Claim]:
    """`reads` are the paths that the page's script reads, `data` what came from the first."""
    target = replace(SHOP, path=path)
    answer = replace(page(200, body), url=target.url)
    loaded = loads(module(), url=target.url, is_empty=is_empty)
    script = answered(module(), data_paths=reads)
    url = target.origin + (reads or ("/",))[0]
    more = [replace(page(200, data), url=url, purpose="data")] if data else []
    return judge(CHECK, answer, loaded, script, *more, target=target, masked=False)


@pytest.mark.parametrize(
    "path",
    [
        "/api/users",
        "/rest/v1/orders",
        "/app/api/login?next=/",
        "/prod-api/user/info",
        "/socket.io/?EIO=4&transport=polling",
    ],
)
def test_fires_on_the_page_of_an_application(path: str) -> None:
    (claim,) = judged(path)
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/our-api/",
        "/api/",
        "/users",
        "/api/docs/",
        "/api/swagger-ui/",
        "/api/index.html",
    ],
)
def test_silent_on_pages_and_descriptions(path: str) -> None:
    assert not judged(path)


def test_silent_on_data_and_on_a_page_with_content() -> None:
    assert not judged("/api/users", "[]")
    assert not judged("/api/users", is_empty=False)


@pytest.mark.parametrize("path", ["/graphql", "/v1/users", "/auth/me"])
def test_fires_on_a_path_that_the_pages_script_reads(path: str) -> None:
    (claim,) = judged(path, reads=(path,))
    assert claim.facts["script"] == module().url
    (claim,) = judged("/", reads=(path,), data=SHELL)
    assert claim.facts["url"] == f"https://shop.example.com{path}"


@pytest.mark.parametrize("path", ["/graphql", "/v1/users", "/auth/login", "/docs/v1/api"])
def test_silent_on_routes_of_the_application(path: str) -> None:
    assert not judged(path)
    assert not judged(path, reads=("/auth/me",))


def test_silent_where_another_page_comes_in_the_place_of_data() -> None:
    """GraphiQL, a part of a page, a login."""
    other = "<!doctype html><title>GraphiQL</title><div id=graphiql></div>"
    assert not judged("/", reads=("/graphql",), data=other)
    assert not judged("/", reads=("/graphql",))
    assert not judged("/", is_empty=False, reads=("/graphql",), data=SHELL)


def test_fires_on_a_page_with_content_after_a_message_about_data() -> None:
    pasted = Symptom("data", "Unexpected token '<' is not valid JSON")
    target = replace(SHOP, path="/api/orders", symptom=pasted)
    answer = replace(page(200, SHELL), url=target.url)
    loaded = loads(module(), url=target.url, is_empty=False)
    assert judge(CHECK, answer, loaded, target=target, masked=False)


PASSED = SITE.replace("location / {", "location /api/ {")
REPLACED = PASSED.replace(
    "    location",
    "    proxy_intercept_errors on;\n    error_page 401 404 =200 /index.html;\n    location",
    1,
)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        (REPLACED, True),
        (REPLACED.replace("=200", "="), True),
        (REPLACED.replace("=200 ", ""), False),
        (REPLACED.replace("intercept_errors on", "intercept_errors off"), False),
        (PASSED, False),
    ],
    ids=["200", "of the page", "the status stays", "off", "nothing"],
)
def test_fires_and_names_what_replaces_the_errors_of_the_interface(
    text: str, is_named: bool
) -> None:
    target = replace(SHOP, path="/api/me")
    answer, loaded = replace(page(200, SHELL), url=target.url), loads(module(), url=target.url)
    loaded = replace(loaded, is_empty=True)
    (claim,) = judge(CHECK, answer, loaded, RUNNING, config(text), target=target, masked=False)
    assert bool(claim.facts["replaced"]) is is_named
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit) is is_named


def test_prints_the_address_of_the_only_application_of_the_site() -> None:
    lines = "location / { root /srv; try_files $uri /index.html; }"
    socket = "location /ws { proxy_pass http://127.0.0.1:4000; }"
    text = f"server {{ listen 443 ssl; server_name shop.example.com; {lines} {socket} }}"
    target = replace(SHOP, path="/api/users")
    answer = replace(page(200, SHELL), url=target.url)
    loaded = loads(module(), url=target.url, is_empty=True)
    for more, address in (((RUNNING, config(text)), "http://127.0.0.1:4000"), ((), "")):
        (claim,) = judge(CHECK, answer, loaded, *more, target=target, masked=False)
        assert claim.facts["application"] == address


LEFT = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / { proxy_pass http://127.0.0.1:3000; }
    location /api/ {
        rewrite ^/api/(.*)$ /$1 last;
        proxy_pass http://127.0.0.1:3001;
    }
}
"""


def test_fires_and_keeps_the_rule_in_its_location() -> None:
    target = replace(SHOP, path="/api/users")
    answer = replace(page(200, SHELL), url=target.url)
    loaded = loads(module(), url=target.url, is_empty=True)
    observed = (answer, loaded, answered(module()))
    (claim,) = judge(CHECK, RUNNING, config(LEFT), *observed, target=target, masked=False)
    assert claim.facts["rule"] == "rewrite ^/api/(.*)$ /$1 last"
    assert claim.fix
    (edit,) = claim.fix.edits
    assert "rewrite ^/api/(.*)$ /$1 break;" in edit.diff
    stays = config(LEFT.replace("last", "break"))
    (claim,) = judge(CHECK, RUNNING, stays, *observed, target=target, masked=False)
    assert not claim.facts["rule"]


EXACT = LEFT.replace("location /api/ {", "location = /api {").replace(
    "        rewrite ^/api/(.*)$ /$1 last;\n", ""
)
MAP = (
    "map $uri $backend {\n    default 127.0.0.1:3000;\n    /api 127.0.0.1:3001;\n}\n"
    + LEFT.replace(
        "location / { proxy_pass http://127.0.0.1:3000; }",
        "location / { proxy_pass http://$backend; }",
    ).replace("/api/ {", "/other/ {")
)


@pytest.mark.parametrize(
    ("text", "line"),
    [(EXACT, "+    location /api {"), (MAP, "+    ~^/api(/|$) 127.0.0.1:3001;")],
)
def test_fires_and_widens_the_rule_for_the_folder_alone(text: str, line: str) -> None:
    """A program may be meant for the folder alone: a person confirms it."""
    target = replace(SHOP, path="/api/users")
    answer = replace(page(200, SHELL), url=target.url)
    observed = (answer, loads(module(), url=target.url, is_empty=True), answered(module()))
    (claim,) = judge(CHECK, RUNNING, config(text), *observed, target=target, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert line in claim.fix.edits[0].diff
    for other in (
        text.replace("/api ", "/apis "),
        text.replace("127.0.0.1:3001;\n    }", "127.0.0.1:3001/x;\n    }").replace("$uri", "$host"),
    ):
        (claim,) = judge(CHECK, RUNNING, config(other), *observed, target=target, masked=False)
        assert not claim.facts["near"]


def test_speaks_of_the_server_that_answers() -> None:
    target = replace(SHOP, path="/api/users")
    answer = replace(page(200, SHELL), url=target.url)
    observed = (answer, loads(module(), url=target.url, is_empty=True), answered(module()))
    (claim,) = judge(CHECK, CADDY, *observed, target=target, masked=False)
    assert claim.fix
    assert claim.fix.steps[0] == Manual("pass-on-first", Where.SERVER)
    assert claim.facts["caddy"]


def test_fires_and_lets_caddys_line_for_the_path_come_first() -> None:
    target = replace(SHOP, path="/api/users")
    answer = replace(page(200, SHELL), url=target.url)
    observed = (answer, loads(module(), url=target.url, is_empty=True), answered(module()))
    rest, api = "reverse_proxy 127.0.0.1:3000", "reverse_proxy /api/* 127.0.0.1:4000"

    def claimed(*lines: str) -> Claim:
        rows = "".join(f"\t\t{line}\n" for line in lines)
        text = f"shop.example.com {{\n\troute {{\n{rows}\t}}\n}}\n"
        file = caddy_config(text, document("shop.example.com"))
        (claim,) = judge(CHECK, CADDY, file, *observed, target=target, masked=False)
        return claim

    claim = claimed(rest, api)
    assert claim.facts["unused"] == "/api/*"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert f"+\t\t{api}" in claim.fix.edits[0].diff
    # A guard between them is a person's, and another path has no line of its own.
    assert not claimed(rest, "basicauth {", "}", api).facts["unused"]
    assert not claimed(rest, api.replace("/api/", "/shop/")).facts["unused"]


def test_fires_where_a_message_says_that_a_stream_is_read() -> None:
    words = 'EventSource\'s response has a MIME type ("text/html") that is not "text/event-stream".'
    target = replace(SHOP, path="/events", symptom=Symptom("data", words))
    answer = replace(page(200, SHELL), url=target.url)
    shown = loads(module(), url=target.url, is_empty=False)
    (claim,) = judge(CHECK, answer, shown, answered(module()), target=target, masked=False)
    assert claim.facts["below"] == "/events"
    other = replace(target, symptom=Symptom("data", "Unexpected token '<'"))
    assert not judge(CHECK, answer, shown, answered(module()), target=other, masked=False)
