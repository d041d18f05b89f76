from dataclasses import replace

from diagnose.model import Edit, Severity, Vantage
from diagnose.model.applications import KnownApplication
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import SITE, config
from tests.support.upstream_evidence import logged

CHECK = "upstream.body-too-large"
SAID = logged(
    "client intended to send too large body: 2000000 bytes", "POST /upload HTTP/1.1", upstream=""
)


def test_fires_and_raises_the_limit_in_the_location() -> None:
    (claim,) = judge(CHECK, config(), SAID)
    assert (claim.facts["size"], claim.facts["limit"]) == (2000000, "1m")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        client_max_body_size 2m;\n" in edit.diff


def test_takes_the_limit_that_the_applications_documentation_asks_for() -> None:
    """Issue 3270 of goharbor/harbor: the next layer of an image is larger than the largest one."""
    known = KnownApplication(id="docker-registry", name="Docker Registry", url=SHOP.url, folder="/")
    (claim,) = judge(CHECK, config(), SAID, known)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+        client_max_body_size 0;\n" in edit.diff


def test_fires_for_a_chunked_body_whose_beginning_is_below_the_limit() -> None:
    """ngx_http_request_body.c writes what had come and the next chunk."""
    text = SITE.replace("location / {", "client_max_body_size 5m;\n    location / {")
    chunked = logged(
        "client intended to send too large chunked body: 4194304+1048577 bytes",
        "POST /api/assets HTTP/1.1",
        upstream="",
    )
    (claim,) = judge(CHECK, config(text), chunked)
    assert (claim.facts["size"], claim.facts["cut"]) == (5242881, True)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+        client_max_body_size 64m;\n" in claim.fix.steps[0].diff
    assert not judge(CHECK, config(text.replace("5m", "6m")), chunked)


def test_fires_and_says_why_a_limit_that_is_set_does_not_count() -> None:
    """https://github.com/go-gitea/gitea and https://github.com/singularityhub/sregistry: it is set
    in a location to which try_files leads later, or in the server block of port 80."""
    later = SITE.replace(
        "location / {", "location @app { client_max_body_size 0; }\n    location / {"
    )
    (claim,) = judge(CHECK, config(later), SAID)
    assert claim.facts["uncounted"] == "client_max_body_size 0"
    assert claim.facts["uncounted_in"] == "location @app"
    name = "server_name shop.example.com; client_max_body_size 8m;"
    (claim,) = judge(CHECK, config(f"server {{ listen 80; {name} }}\n{SITE}"), SAID)
    assert (claim.facts["uncounted"], claim.facts["uncounted_in"]) == (
        "client_max_body_size 8m",
        "",
    )
    other = name.replace("shop.", "www.")
    (claim,) = judge(CHECK, config(f"server {{ listen 80; {other} }}\n{SITE}"), SAID)
    assert claim.facts["uncounted"] == ""


def test_silent_when_the_limit_was_raised_since() -> None:
    text = SITE.replace("location / {", "client_max_body_size 8m;\n    location / {")
    assert not judge(CHECK, config(text), SAID)
    assert not judge(CHECK, config(text.replace("8m", "0")), SAID)


def test_silent_when_nothing_was_refused_or_elsewhere() -> None:
    assert not judge(CHECK, config(), logged("something else"))
    other = logged(SAID.text, SAID.request, "", "www.example.org")
    assert not judge(CHECK, config(), other)


def test_is_a_fault_where_its_message_was_pasted() -> None:
    pasted = replace(SHOP, symptom=Symptom("body-size", "413 Request Entity Too Large", 413))
    (claim,) = judge(CHECK, config(), SAID, target=pasted)
    assert claim.severity is Severity.WARNING
    (claim,) = judge(CHECK, config(), SAID)
    assert claim.severity is None


REFUSED = FailedRequests(
    vantage=Vantage.SERVER, file="/var/log/nginx/access.log", method="POST", path="/upload",
    status=413, written="2026/11/26 10:00:00", is_from_page=True,
)  # fmt: skip


def test_is_a_fault_where_nobody_has_set_the_limit_and_a_page_sent_the_upload() -> None:
    """Issue 1089 of cloudreve/cloudreve."""
    (claim,) = judge(CHECK, config(), SAID, REFUSED)
    assert claim.severity is Severity.WARNING
    own = SITE.replace("location / {", "client_max_body_size 1m;\n    location / {")
    files = SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv;")
    for text, failure in (
        (SITE, replace(REFUSED, is_from_page=False)),
        (SITE, replace(REFUSED, path="/other")),
        (own, REFUSED),
        (files, REFUSED),
    ):
        (claim,) = judge(CHECK, config(text), SAID, failure)
        assert claim.severity is None


def test_is_a_fault_where_pages_meet_a_limit_that_is_set_again() -> None:
    own = SITE.replace("location / {", "client_max_body_size 1m;\n    location / {")
    (claim,) = judge(CHECK, config(own), SAID, replace(REFUSED, times=2))
    assert claim.severity is Severity.WARNING
    by_a_script = replace(REFUSED, times=2, is_from_page=False)
    (claim,) = judge(CHECK, config(own), SAID, by_a_script)
    assert claim.severity is None


def test_is_a_fault_where_a_program_tries_it_again() -> None:
    """Programs send no Referer. One of docker has another address for each part."""
    other = replace(SAID, request="PUT /upload/2 HTTP/1.1")
    for lines in ((replace(SAID, times=2),), (SAID, other)):
        (claim,) = judge(CHECK, config(), *lines)
        assert claim.severity is Severity.WARNING
    own = SITE.replace("location / {", "client_max_body_size 1m;\n    location / {")
    odd = replace(SAID, request="GET /upload HTTP/1.1", times=2)
    for text, line in ((SITE, SAID), (SITE, odd), (own, replace(SAID, times=2))):
        (claim,) = judge(CHECK, config(text), line)
        assert claim.severity is None


OBJECT = "/acme/test.git/info/lfs/objects/" + "d3" * 32
GIVEN_OUT = (
    f"PUT {OBJECT} HTTP/1.1",
    f"PUT {OBJECT}/2324684 HTTP/1.1",
    "PATCH /v2/acme/web/blobs/uploads/1f-2e HTTP/1.1",
    "POST /acme/test.git/git-receive-pack HTTP/1.1",
)


def test_is_a_fault_where_the_application_gave_out_the_address() -> None:
    """Issue 21717 of go-gitea/gitea."""
    for request in GIVEN_OUT:
        (claim,) = judge(CHECK, config(), replace(SAID, request=request))
        assert claim.severity is Severity.WARNING, request
    own = SITE.replace("location / {", "client_max_body_size 1m;\n    location / {")
    other = "PUT /acme/test.git/info/lfs/objects/batch HTTP/1.1"
    for text, request in ((own, GIVEN_OUT[0]), (SITE, other)):
        (claim,) = judge(CHECK, config(text), replace(SAID, request=request))
        assert claim.severity is None


def test_is_a_fault_where_the_refused_address_is_asked_for() -> None:
    (claim,) = judge(CHECK, config(), SAID, target=replace(SHOP, path="/upload?a=1"))
    assert claim.severity is Severity.WARNING
    start = replace(SAID, request="POST / HTTP/1.1")
    got = replace(SAID, request="GET /upload HTTP/1.1")
    for line, path in ((start, "/"), (got, "/upload"), (SAID, "/other")):
        (claim,) = judge(CHECK, config(), line, target=replace(SHOP, path=path))
        assert claim.severity is None


def test_is_a_fault_where_the_limit_refuses_forms() -> None:
    text = SITE.replace("location / {", "client_max_body_size 10;\n    location / {")
    form = logged(
        "client intended to send too large body: 27 bytes", "POST /login HTTP/1.1", upstream=""
    )
    (claim,) = judge(CHECK, config(text), form)
    assert claim.severity is Severity.WARNING


PHP_SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    root /srv;

    location / {
        try_files $uri $uri/ /index.php?$query_string;
    }
    location ~ \\.php$ {
        fastcgi_pass 127.0.0.1:9000;
    }
}
"""
PHP_LIMIT = "    location ~ \\.php$ {\n        client_max_body_size 1m;\n"


def added_lines(text: str) -> list[str]:
    (claim,) = judge(CHECK, config(text), SAID)
    assert claim.fix
    diffs = [step.diff for step in claim.fix.steps if isinstance(step, Edit)]
    return [line for diff in diffs for line in diff.splitlines() if line.startswith("+ ")]


def test_fires_and_raises_the_limit_for_all_locations_of_the_way() -> None:
    assert added_lines(PHP_SITE) == ["+    client_max_body_size 2m;"]


def test_fires_for_each_location_that_has_a_limit_of_its_own() -> None:
    text = PHP_SITE.replace("    location ~ \\.php$ {\n", PHP_LIMIT)
    assert added_lines(text) == [
        "+    client_max_body_size 2m;",
        "+        client_max_body_size 2m;",
    ]


def test_fires_still_where_only_the_first_location_was_raised() -> None:
    text = PHP_SITE.replace("location / {", "location / {\n        client_max_body_size 8m;")
    assert added_lines(text) == ["+    client_max_body_size 2m;"]


def test_fires_for_the_page_of_an_error() -> None:
    text = PHP_SITE.replace(
        "try_files $uri $uri/ /index.php?$query_string;",
        "client_max_body_size 8m;\n        error_page 404 405 = /index.php;",
    )
    assert added_lines(text) == ["+    client_max_body_size 2m;"]


def test_silent_where_the_whole_way_allows_it() -> None:
    text = PHP_SITE.replace("root /srv;", "root /srv;\n    client_max_body_size 8m;")
    assert not judge(CHECK, config(text), SAID)


def test_is_a_fault_where_a_page_of_a_php_program_sent_the_upload() -> None:
    """Issue 6 of jguyomard/docker-laravel: `location /` leads to the script by `try_files`."""
    (claim,) = judge(CHECK, config(PHP_SITE), SAID, REFUSED)
    assert claim.severity is Severity.WARNING
    decided = PHP_SITE.replace("    location ~ \\.php$ {\n", PHP_LIMIT)
    files = PHP_SITE.replace("fastcgi_pass 127.0.0.1:9000", "root /srv")
    for text in (decided, files):
        (claim,) = judge(CHECK, config(text), SAID, REFUSED)
        assert claim.severity is None


BEHIND = """
server {
    listen 127.0.0.1:8080;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:3000;
    }
}
"""
IN_FRONT = SITE.replace("127.0.0.1:3000", "127.0.0.1:8080").replace(
    "location / {", "client_max_body_size 8m;\n    location / {"
)


def test_fires_for_the_block_behind_that_has_no_limit_of_its_own() -> None:
    assert added_lines(IN_FRONT + BEHIND) == ["+    client_max_body_size 2m;"]
    (claim,) = judge(CHECK, config(IN_FRONT + BEHIND), SAID)
    assert claim.location
    assert claim.location.line > IN_FRONT.count("\n"), "the block behind"


def test_silent_where_the_block_behind_allows_it() -> None:
    behind = BEHIND.replace("location / {", "client_max_body_size 0;\n    location / {")
    assert not judge(CHECK, config(IN_FRONT + behind), SAID)


def test_is_a_fault_at_the_address_that_is_asked_for_whoever_set_the_limit() -> None:
    text = SITE.replace("proxy_pass", "client_max_body_size 1m; proxy_pass")
    (claim,) = judge(CHECK, config(text), SAID, target=replace(SHOP, path="/upload"))
    assert claim.severity is Severity.WARNING
    (claim,) = judge(CHECK, config(text), SAID)
    assert claim.severity is None
