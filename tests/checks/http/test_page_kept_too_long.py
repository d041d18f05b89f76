"""http.page-kept-too-long: when it fires, and when it is silent."""

from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Applicability, Confidence, Edit, Severity
from diagnose.model.other_requests import OtherRequest
from diagnose.model.symptom import Symptom
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, module, script, sheet
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.page-kept-too-long"
BUILT = loads(module("/assets/index-4f2a9c1b.js"))
YEAR = ("Cache-Control", "max-age=31536000")


def sent(*fields: tuple[str, str], status: int = 200) -> Any:
    return replace(page(status), headers=(("Content-Type", "text/html"), *fields))


def test_fires_and_names_the_line() -> None:
    text = SITE.replace("proxy_set_header", "expires 1y;\n        proxy_set_header")
    (claim,) = judge(CHECK, RUNNING, config(text), sent(YEAR), BUILT, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["days"], claim.facts["directive"]) == (365, "expires 1y")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "expires -1;" in str(claim.fix.steps[0])


def test_fires_as_a_note_for_some_days() -> None:
    (claim,) = judge(CHECK, sent(("Cache-Control", "max-age=604800")), BUILT, masked=False)
    assert claim.severity is Severity.NOTE


def test_fires_by_expires_alone() -> None:
    dates = ("Date", "Fri, 27 Nov 2026 10:00:00 GMT"), ("Expires", "Sat, 27 Nov 2027 10:00:00 GMT")
    (claim,) = judge(CHECK, sent(*dates), BUILT, masked=False)
    assert claim.facts["days"] == 365


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [("Cache-Control", "max-age=3600")],
        [("Cache-Control", "s-maxage=31536000")],
        [("Cache-Control", "no-cache, max-age=31536000")],
        [("Expires", "0"), ("Date", "Fri, 27 Nov 2026 10:00:00 GMT")],
        [("Expires", "Thu, 01 Jan 1970 00:00:01 GMT"), ("Date", "Fri, 27 Nov 2026 10:00:00 GMT")],
    ],
)
def test_silent_where_browsers_ask_soon(fields: list[tuple[str, str]]) -> None:
    assert not judge(CHECK, sent(*fields), BUILT, masked=False)


@pytest.mark.parametrize(
    "file", [sheet("/app.css"), module("/js/jquery-ui.js"), module("/app.min.js")]
)
def test_silent_where_no_file_belongs_to_one_build(file: Any) -> None:
    assert not judge(CHECK, sent(YEAR), loads(file), masked=False)


def test_silent_about_errors() -> None:
    assert not judge(CHECK, sent(YEAR, status=404), BUILT, masked=False)


SILENT = (
    ("Date", "Fri, 27 Nov 2026 10:00:00 GMT"),
    ("Last-Modified", "Fri, 20 Nov 2026 10:00:00 GMT"),
)


def asked(path: str = "/assets/index-9b1c2d3e.js", **values: Any) -> OtherRequest:
    facts = {"file": "/var/log/nginx/access.log", "is_from_page": True, "by_browser": True}
    return OtherRequest(at=1.0, path=path, **{"status": 404, **facts, **values})


def test_fires_where_visitors_ask_for_the_file_of_another_build() -> None:
    (claim,) = judge(CHECK, sent(*SILENT), BUILT, asked(), masked=False)
    assert claim.severity is None
    assert claim.facts["old"] == "/assets/index-9b1c2d3e.js"
    assert not judge(CHECK, sent(*SILENT), BUILT, masked=False)


@pytest.mark.parametrize(
    "request_",
    [
        asked("/assets/index-4f2a9c1b.js"),  # that of today
        asked("/assets/Navigator-9b1c2d3e.js"),  # a tab that was open before asks for a part
        asked("/assets/index.js"),
        asked(is_from_page=False),
        asked(by_browser=False),
        asked(status=403),
    ],
)
def test_silent_for_other_requests(request_: OtherRequest) -> None:
    assert not judge(CHECK, sent(*SILENT), BUILT, request_, masked=False)


def test_silent_where_browsers_ask_for_the_page() -> None:
    no_cache = ("Cache-Control", "no-cache")
    assert not judge(CHECK, sent(*SILENT, no_cache), BUILT, asked(), masked=False)


READS = loads(script()), answered(script(), data_paths=("/api/items",))


def kept_data(lines: str, location: str = "", *observations: Any) -> list[Any]:
    text = (
        f"server {{ listen 443 ssl; server_name shop.example.com; root /srv; {lines}\n"
        f" location /api/ {{ {location} proxy_pass http://127.0.0.1:3000; }} }}\n"
    )
    return judge(CHECK, RUNNING, config(text), sent(), *(observations or READS), masked=False)


@pytest.mark.parametrize("lines", ["expires 30d;", "expires max;"])
def test_fires_on_data_that_a_line_for_files_lets_browsers_keep(lines: str) -> None:
    (claim,) = kept_data(lines)
    assert claim.facts["url"] == "https://shop.example.com/api/items"
    assert claim.facts["application"] == "http://127.0.0.1:3000"
    assert claim.fix
    assert "expires off;" in str(claim.fix.steps[0])


@pytest.mark.parametrize(
    ("lines", "location"),
    [
        ("", ""),
        ("expires -1;", ""),
        ("expires 1h;", ""),
        ("expires $kept;", ""),
        ("expires 30d;", "expires off;"),
        # Somebody has decided so for this interface.
        ("", "expires 30d;"),
        ("location ~* [.](css|js)$ { expires 30d; }", ""),
    ],
)
def test_silent_on_data_that_browsers_ask_for(lines: str, location: str) -> None:
    assert not kept_data(lines, location)


def test_silent_on_data_that_no_script_reads() -> None:
    assert not kept_data("expires 30d;", "", loads(script()))


NOW, OLD = ("Date", "Fri, 27 Nov 2026 10:00:00 GMT"), "Mon, 28 Sep 2026 10:00:00 GMT"


def test_fires_as_a_note_on_an_old_page_that_says_nothing() -> None:
    (claim,) = judge(CHECK, sent(NOW, ("Last-Modified", OLD)), BUILT, masked=False)
    assert claim.severity is Severity.NOTE
    assert (claim.facts["silent"], claim.facts["days"]) == (True, 6)
    fresh = ("Last-Modified", "Fri, 27 Nov 2026 09:00:00 GMT")
    assert not judge(CHECK, sent(NOW, fresh), BUILT, masked=False)
    words = "TypeError: Failed to fetch dynamically imported module: https://shop.example.com/a.js"
    target = replace(SHOP, symptom=Symptom("other", words))
    (claim,) = judge(CHECK, sent(NOW, fresh), BUILT, target=target, masked=False)
    assert claim.severity is None


def test_silent_on_a_page_that_says_nothing_and_has_no_date() -> None:
    assert not judge(CHECK, sent(NOW), BUILT, masked=False)


def test_names_the_page_that_comes_in_the_place_of_an_old_file() -> None:
    """Pull request 584 of Nexior: an old chunk is answered with index.html."""
    asked = "https://shop.example.com/assets/Navigator-BFDWCxP1.js"
    fresh = ("Last-Modified", "Fri, 27 Nov 2026 09:00:00 GMT")
    words = f"Failed to fetch dynamically imported module: {asked}"
    target = replace(SHOP, path="/assets/Navigator-BFDWCxP1.js", symptom=Symptom("other", words))
    line = "add_header Cache-Control immutable;\n        proxy_set_header"
    text = SITE.replace("proxy_set_header", line)
    came = replace(sent(NOW, fresh), url=asked)
    built = replace(BUILT, url=asked)
    (claim,) = judge(CHECK, RUNNING, config(text), came, built, target=target, masked=False)
    assert (claim.facts["url"], claim.facts["asked"]) == ("https://shop.example.com/", asked)
    assert claim.facts["directive"] == ""


FILES = "root /srv/shop;\n        try_files $uri $uri/ /index.html;\n        expires 1y;"


def test_fires_and_gives_the_page_a_location_of_its_own() -> None:
    """The files of the page are kept as before."""
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", FILES).replace(
        "proxy_set_header Host $host;", 'add_header Cache-Control "public";\nadd_header X-A b;'
    )
    (claim,) = judge(CHECK, RUNNING, config(text), sent(YEAR), BUILT, masked=False)
    (edit, *_) = claim.fix.steps if claim.fix else ()
    assert isinstance(edit, Edit)
    added = [line[1:].strip() for line in edit.diff.split("\n")[2:] if line.startswith("+")]
    assert [line for line in added if line] == [
        "location = /index.html {", "root /srv/shop;", "add_header X-A b;", "expires -1;", "}"
    ]  # fmt: skip
    assert "-        expires" not in edit.diff


@pytest.mark.parametrize(
    "other",
    [
        "auth_basic x;",  # a location beside it would be open
        "proxy_pass http://127.0.0.1:3000;",
    ],
)
def test_changes_the_location_where_another_would_not_do(other: str) -> None:
    text = SITE.replace("proxy_pass http://127.0.0.1:3000;", f"{FILES}\n{other}")
    (claim,) = judge(CHECK, RUNNING, config(text), sent(YEAR), BUILT, masked=False)
    assert "location = " not in str(claim.fix.steps[0]) if claim.fix else False


@pytest.mark.parametrize(("text", "count"), [("visitors see the old version", 1), ("502", 0)])
def test_fires_without_files_of_a_build_where_a_message_speaks_of_old_content(
    text: str, count: int
) -> None:
    shop = replace(SHOP, symptom=Symptom("other", text))
    plain = loads(sheet("/site.css"))
    claims = judge(CHECK, sent(YEAR), plain, target=shop, masked=False)
    assert [claim.facts["file"] for claim in claims] == [""] * count


DATES = (
    ("Date", "Fri, 27 Nov 2026 10:00:00 GMT"),
    ("Last-Modified", "Fri, 27 Nov 2020 10:00:00 GMT"),
)
DEPLOYED = replace(SHOP, symptom=Symptom("mime", "Unexpected token '<' after a deploy"))


def test_apache_lets_browsers_ask_for_pages_again() -> None:
    served = HTTPS.replace("    ProxyPass / http://127.0.0.1:3000/\n", "    DocumentRoot /srv\n")
    seen = (sent(*DATES), BUILT, APACHE, apache_config(served))
    (claim,) = judge(CHECK, *seen, target=DEPLOYED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "FilesMatch" in str(claim.fix)
    passed = (sent(*DATES), BUILT, APACHE, apache_config())
    (claim,) = judge(CHECK, *passed, target=DEPLOYED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_caddy_answers_404_for_files_that_have_gone_and_asks_for_pages_again() -> None:
    text = (
        "shop.example.com {\n\troot * /srv/web\n\tencode gzip\n\tfile_server\n"
        "\ttry_files {path} /index.html\n}\n"
    )
    made = caddy_config(text)
    files = replace(made, sites=tuple(replace(site, routes=()) for site in made.sites))
    seen = (sent(*DATES), BUILT, CADDY)
    (claim,) = judge(CHECK, *seen, files, target=DEPLOYED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+\theader @app_pages Cache-Control "no-cache"\n' in edit.diff
    assert "-\ttry_files {path} /index.html\n" in edit.diff
    assert "+\t\tnot path /assets/*\n+\t\tfile {path} /index.html\n" in edit.diff
    # An application sends the page: the server's line says nothing of it.
    (claim,) = judge(CHECK, *seen, made, target=DEPLOYED, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_on_a_page_that_is_new_and_says_nothing_after_words_about_old_content() -> None:
    """Pull request 561 of recipeyak: the page of before was kept by its date."""
    told = replace(SHOP, symptom=Symptom("cached", "stuck on the older version"))
    new = ("Last-Modified", NOW[1])
    (claim,) = judge(CHECK, sent(NOW, new), BUILT, target=told, masked=False)
    assert (claim.facts["silent"], claim.severity) == (True, None)
    asked = ("Cache-Control", "no-cache")
    assert not judge(CHECK, sent(NOW, new, asked), BUILT, target=told, masked=False)
    assert not judge(CHECK, sent(NOW), BUILT, target=told, masked=False)
    assert not judge(CHECK, sent(NOW, new), loads(sheet("/a.css")), target=told, masked=False)
    assert not judge(CHECK, sent(NOW, new), BUILT, masked=False)
    # The page of today names a file that is gone: no old page does.
    gone = answered(module("/assets/index-4f2a9c1b.js"), 404)
    assert not judge(CHECK, sent(NOW, new), BUILT, gone, target=told, masked=False)
