"""Whether a run looked at what a browser's message tells of."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from diagnose.checking.message_controls import is_looked_at, untried_method
from diagnose.checking.symptom_match import is_tried
from diagnose.model import Evidence, Host, Observation, Symptom, Target, Vantage
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.web_servers import WebServer
from diagnose.parsers.symptoms import symptom_of

ADDRESS, SITE = "203.0.113.10", "https://shop.example.com"
APP = "https://app.example.org"
CORS = f"Access to fetch at '{SITE}/api' from origin '{APP}' has been blocked by CORS policy: "
DIGEST = f"Failed to find a valid digest in the 'integrity' attribute for resource '{SITE}/a.js'"


def is_seen(text: str, *observations: Observation, path: str = "/") -> bool:
    symptom = symptom_of(text)
    assert symptom is not None
    target = Target("x", "https", "shop.example.com", 443, path=path, symptom=symptom)
    return is_looked_at(Evidence(target, datetime(2026, 12, 1, tzinfo=UTC), observations), symptom)


def answer(kind: str = "text/html", *fields: tuple[str, str], path: str = "/") -> Exchange:
    return Exchange(
        url=f"{SITE}{path}", address=ADDRESS, port=443, status=200,
        headers=(("Content-Type", kind), *fields),
    )  # fmt: skip


def asked(*fields: tuple[str, str], origin: str = APP, method: str = "GET") -> Exchange:
    return replace(
        answer("application/json", *fields, path="/api"),
        method=method,
        equivalent=f"curl -sSi -H 'Origin: {origin}' {SITE}/api",
    )


ALLOWED = ("Access-Control-Allow-Origin", APP)


def test_cors_is_looked_at_where_the_page_that_asks_was_sent() -> None:
    text = f"{CORS}No 'Access-Control-Allow-Origin' header is present"
    assert not is_seen(text, answer())
    assert not is_seen(text, asked(("Access-Control-Allow-Origin", "https://other.example.org")))
    assert is_seen(text, asked(ALLOWED))
    own = replace(asked(ALLOWED), equivalent=f"curl -H 'Origin: {SITE}' {SITE}/api")
    assert not is_seen(text, own)


def test_a_preflight_is_looked_at_by_a_preflight() -> None:
    text = f"{CORS}Response to preflight request doesn't pass access control check"
    assert not is_seen(text, asked(ALLOWED))
    assert is_seen(text, asked(ALLOWED, method="OPTIONS"))
    assert not is_seen(text, replace(asked(ALLOWED, method="OPTIONS"), status=401))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((), True),
        ((("X-Frame-Options", "DENY"),), False),
        ((("Content-Security-Policy", "frame-ancestors 'self'"),), False),
        ((("Content-Security-Policy", "default-src 'self'"),), True),
    ],
)
def test_a_frame_is_looked_at_by_the_page_without_a_field_against_it(
    fields: tuple[tuple[str, str], ...], expected: bool
) -> None:
    text = f"Refused to display '{SITE}/' in a frame because it set 'X-Frame-Options' to 'deny'."
    assert is_seen(text, answer("text/html", *fields)) is expected
    assert not is_seen(text)


def script(url: str = f"{SITE}/a.js", **options: object) -> PageFileResponse:
    response = PageFileResponse(
        page=f"{SITE}/", file_kind="script", url=url, address=ADDRESS, port=443, status=200
    )
    return replace(response, **options)  # type: ignore[arg-type]


def test_a_type_is_looked_at_where_the_file_came() -> None:
    text = f"Refused to execute script from '{SITE}/a.js' because its MIME type ('text/html')"
    assert not is_seen(text, answer())
    assert is_seen(text, answer("text/javascript", path="/a.js"))
    assert is_seen(text, answer(), script())
    assert not is_seen(text, answer(), script(f"{SITE}/b.js"))
    assert not is_seen(text, answer(), script(is_html=True))
    assert not is_seen(
        f"OTS parsing error: invalid sfntVersion {SITE}/a.woff2", answer("font/woff2")
    )


def test_a_hash_is_looked_at_where_the_page_demands_it() -> None:
    page = Page(url=f"{SITE}/", address=ADDRESS, port=443)
    demanding = replace(page, files=(PageFile("script", f"{SITE}/a.js", integrity="sha384-x"),))
    assert is_seen(DIGEST, answer(), demanding, script())
    assert not is_seen(DIGEST, answer(), page, script())
    assert not is_seen(DIGEST, answer(), demanding)
    assert not is_seen(DIGEST, answer(), demanding, script(integrity_fails=True))
    assert not is_seen(DIGEST, answer(), demanding, script(body_end="unread"))


def test_a_chunk_is_looked_at_where_it_came() -> None:
    text = f"ChunkLoadError: Loading chunk 12 failed. (error: {SITE}/js/12.9f2c1a3b.js)"
    assert is_seen(text, answer("text/javascript", path="/js/12.9f2c1a3b.js"))
    assert not is_seen(text, answer("text/html", path="/js/12.9f2c1a3b.js"))
    assert not is_seen("ChunkLoadError: Loading chunk 12 failed. shop.example.com", answer())
    assert is_seen("the CSS of shop.example.com does not load", answer())


def test_data_is_looked_at_where_some_was_asked_for() -> None:
    text = "Unexpected token '<', \"<!doctype \"... is not valid JSON"
    assert not is_seen(text, answer())
    assert is_seen(text, answer("application/json"))
    assert is_seen(text, answer(), script(data_paths=("/api/items",)))


def test_what_browsers_do_not_explain_is_looked_at_with_the_page_that_asks() -> None:
    text = f"TypeError: Failed to fetch {SITE}/api"
    assert not is_seen(text, answer())
    assert is_seen(text, asked(ALLOWED))
    assert is_seen("Safari can't connect to the server shop.example.com", answer())


def test_a_private_address_is_that_of_a_visitors_network() -> None:
    text = f"{CORS}the resource is in more-private address space `private`."
    assert not is_seen(text, asked(ALLOWED))


def test_a_request_that_changes_something_is_looked_at_by_one() -> None:
    symptom = Symptom("incomplete", f"POST {SITE}/api net::ERR_INCOMPLETE_CHUNKED_ENCODING")
    target = Target("x", "https", "shop.example.com", 443, symptom=symptom)
    evidence = Evidence(target, datetime(2026, 12, 1, tzinfo=UTC), (answer(),))
    assert untried_method(evidence, symptom) == "POST"
    assert not is_looked_at(evidence, symptom)
    sent = replace(evidence, observations=(replace(answer(), method="POST"),))
    assert is_looked_at(sent, symptom)


def test_garbled_text_is_looked_at_where_the_header_names_its_encoding() -> None:
    text = "the page shows garbled characters"
    assert not is_seen(text, answer())
    assert is_seen(text, answer("text/html; charset=utf-8"))


def test_what_fails_at_times_is_not_looked_at_by_one_run() -> None:
    assert is_seen("502 Bad Gateway", answer())
    assert not is_seen("sometimes 502 Bad Gateway", answer())
    assert not is_seen("some of our users get 502 Bad Gateway", answer())


def test_what_a_program_writes_at_its_start_is_looked_at_on_its_server() -> None:
    text = "nginx: [emerg] bind() to 0.0.0.0:443 failed (98: Address already in use)"
    assert not is_seen(text, answer())
    assert is_seen(text, answer(), Host(vantage=Vantage.SERVER, hostname="web"))


def test_a_status_is_looked_at_where_the_page_came() -> None:
    """ "500 once I gave the password": this run has none."""
    text = "500 Internal Server Error after the login"
    assert is_seen(text, answer())
    assert not is_seen(text, replace(answer(), status=401))


def test_workers_are_looked_at_where_their_server_is() -> None:
    apache = WebServer(vantage=Vantage.SERVER, product="apache")
    text = "AH00484: server reached MaxRequestWorkers setting"
    assert is_seen(text, apache)
    assert not is_seen(text)
    assert not is_seen("server reached pm.max_children setting (5), consider raising it", apache)


def test_a_page_says_nothing_of_a_large_file() -> None:
    text = "the download of a 2 GB file ends too early: ERR_CONTENT_LENGTH_MISMATCH"
    assert not is_seen(text, answer())
    assert is_seen(text, answer("application/zip", path="/a.zip"))
    assert is_seen("ERR_CONTENT_LENGTH_MISMATCH", answer())


@pytest.mark.parametrize(
    "text",
    [
        "le site renvoie 406 avec Accept: application/xml",
        "401 with curl -H 'X-Api-Key: ***'",
        "ModSecurity: Access denied with code 403 (phase 2). Pattern match",
    ],
)
def test_what_was_not_sent_is_not_looked_at(text: str) -> None:
    assert not is_seen(text, answer())
    assert is_seen("le site renvoie 406", answer())


@pytest.mark.parametrize("time", ["", " every night at 3 am", " jeden Tag um 3 Uhr"])
def test_a_fault_of_another_time_is_not_looked_at(time: str) -> None:
    target = Target("x", "https", "shop.example.com", 443)
    evidence = Evidence(target, datetime(2026, 12, 1, tzinfo=UTC), (answer(),))
    assert is_looked_at(evidence, Symptom("unusable", f"the site is down{time}")) == (not time)


def test_a_limit_of_mod_qos_is_not_tried() -> None:
    symptom = symptom_of("mod_qos(031): access denied, QS_SrvMaxConnPerIP rule: max=10")
    assert symptom is not None
    assert not is_tried(symptom)
