"""http.own-file-type: a style sheet or script that is asked for by itself, without its type."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Manual, Observation, Severity, Symptom
from diagnose.model.http import Exchange
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config

CHECK = "http.own-file-type"
TOLD = Symptom("page-files", "the page has no style")


def answer(path: str, kind: str = "", body: str = "body { margin: 0 }") -> Exchange:
    headers = (("Content-Type", kind),) if kind else ()
    return replace(ANSWER, url=f"https://shop.example.com{path}", headers=headers, body=body)


def claims(path: str, kind: str, *seen: Observation, symptom: Symptom | None = None) -> list[Claim]:
    target = replace(SHOP, path=path, symptom=symptom)
    return judge(CHECK, answer(path, kind), *seen, target=target, masked=False)


@pytest.mark.parametrize(
    ("path", "kind", "wanted"),
    [
        ("/screen.css", "text/plain", "text/css"),
        ("/screen.css?v=2", "text/html; charset=utf-8", "text/css"),
        ("/app.mjs", "", "text/javascript"),
        ("/app.wasm", "application/octet-stream", "application/wasm"),
    ],
)
def test_fires_on_what_browsers_refuse(path: str, kind: str, wanted: str) -> None:
    (claim,) = claims(path, kind)
    # Most pages load a program in another way then.
    severity = Severity.NOTE if path.endswith("wasm") else None
    assert (claim.severity, claim.confidence) == (severity, Confidence.CERTAIN)
    assert (claim.facts["refused"], claim.facts["wanted"]) == (True, wanted)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(("path", "kind"), [("/screen.css", ""), ("/app.js", "text/plain")])
def test_what_some_browsers_take_is_a_fault_after_words_alone(path: str, kind: str) -> None:
    """Issue 183 of clojars-web: some browsers take it for text/plain."""
    (claim,) = claims(path, kind, symptom=TOLD)
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert [each.severity for each in claims(path, kind)] == (
        [Severity.NOTE] if path.endswith("css") else []
    )


@pytest.mark.parametrize(
    "seen",
    [
        answer("/screen.css", "text/css"),
        answer("/app.js", "application/javascript"),
        answer("/screen.css", "text/html", "<!doctype html><p>"),
        answer("/screen.css", "", ""),
        answer("/notes.txt", "text/plain"),
        answer("/data.css", "application/json"),
        replace(answer("/screen.css", "text/plain"), status=404),
        replace(
            answer("/app.mjs", "application/octet-stream"),
            headers=(("Content-Disposition", "attachment"),),
        ),
    ],
)
def test_silent_on_files_with_a_type_documents_and_downloads(seen: Exchange) -> None:
    target = replace(SHOP, path=seen.url.removeprefix("https://shop.example.com"), symptom=TOLD)
    assert not judge(CHECK, seen, target=target, masked=False)


def styled(lines: str, arguments: str = "/stylesheets") -> list[Claim]:
    before, _, rest = SITE.partition("location / {")
    location = f"location {arguments} {{\n        {lines}\n    }}\n    location / {{"
    seen = (RUNNING, config(before + location + rest))
    return claims("/stylesheets/screen.css", "", *seen, symptom=TOLD)


PASS = "proxy_pass http://127.0.0.1:8001;"


def test_nginx_names_the_type_of_an_applications_files() -> None:
    (claim,) = styled(f'expires 4h;\n        add_header X-Own "a b";\n        {PASS}')
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    added = [line[1:].strip() for line in edit.diff.split("\n")[2:] if line.startswith("+")]
    assert [line for line in added if line] == [
        r"location ~ \.css$ {", "proxy_hide_header Content-Type;", 'add_header X-Own "a b";',
        "add_header Content-Type text/css;", PASS, "}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "arguments"),
    [
        (f"rewrite ^/a /b break;\n{PASS}", "/stylesheets"),
        ("proxy_pass http://127.0.0.1:8001/files/;", "/stylesheets/"),
        (PASS, "= /stylesheets/screen.css"),
        (PASS, r"~ \.css$"),
        (f"location /stylesheets/a {{ {PASS} }}\n{PASS}", "/stylesheets"),
        ("root /srv;", "/stylesheets"),
    ],
)
def test_a_person_names_the_type_where_an_inner_location_would_not_do(
    lines: str, arguments: str
) -> None:
    (claim,) = styled(lines, arguments)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


FILES = HTTPS.replace(
    "    ProxyPass /ws ws://127.0.0.1:3000/ws\n    ProxyPass / http://127.0.0.1:3000/\n",
    "    DocumentRoot /srv/shop\n",
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/a.wasm", "AddType application/wasm .wasm"),
        ("/a.mjs", "AddType text/javascript .mjs"),
    ],
)
def test_apache_gets_the_type_of_its_own_files(path: str, line: str) -> None:
    site = apache_config(FILES, modules=(*MODULES, "mime"))
    (claim,) = claims(path, "text/plain", APACHE, site)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert line in edit.diff


def test_apache_names_no_type_for_an_application() -> None:
    site = apache_config(HTTPS, modules=(*MODULES, "mime"))
    (claim,) = claims("/a.mjs", "text/plain", APACHE, site)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
