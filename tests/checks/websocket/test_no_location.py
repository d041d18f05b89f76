from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Manual,
    Observation,
    Severity,
    Where,
)
from diagnose.model.applications import KnownApplication
from diagnose.model.backends import BackendVisit
from diagnose.model.pages import Page, PageFile, PageFileTrial, WebSocketPath
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.nginx_evidence import (
    BUILD,
    FILE,
    HOST,
    RUNNING,
    SITE,
    STOPPED,
    config,
    front,
    nginx_says,
)
from tests.support.page_errors import page

CHECK = "websocket.no-location"
PASSING = SITE[SITE.index("        proxy_pass") : SITE.index("    }\n}")]
FILES = SITE.replace(PASSING, "        root /srv;\n        try_files $uri /index.html;\n")


def test_fires_when_the_page_of_an_application_answers() -> None:
    (claim,) = judge(CHECK, config(FILES), front(200), target=CHAT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["page"] == "try_files $uri /index.html"
    assert claim.location


def test_fires_when_no_location_takes_the_path_at_all() -> None:
    text = SITE.replace("location /", "location = /")
    (claim,) = judge(CHECK, config(text), front(404), target=CHAT)
    assert claim.facts["location"] == ""


def test_fires_from_the_configuration_alone() -> None:
    (claim,) = judge(CHECK, config(FILES), target=CHAT)
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_a_location_proxies_the_path() -> None:
    assert not judge(CHECK, config(), front(404), target=CHAT)


@pytest.mark.parametrize("status", [101, 301, 401, 403, 502])
def test_silent_when_it_works_or_something_else_answers(status: int) -> None:
    assert not judge(CHECK, config(FILES), front(status), target=CHAT)


def test_silent_when_the_location_answers_by_itself() -> None:
    text = SITE.replace(PASSING, "        return 404;\n")
    assert not judge(CHECK, config(text), front(404), target=CHAT)


def test_silent_when_nginx_refuses_the_configuration_and_nothing_runs() -> None:
    refused = nginx_says(f'unexpected "}}" in {FILE}:12')
    assert not judge(CHECK, config(FILES), refused, STOPPED, target=CHAT)
    assert judge(CHECK, config(FILES), refused, RUNNING, target=CHAT)


def test_silent_when_nobody_asks_for_a_websocket() -> None:
    assert not judge(CHECK, config(FILES), target=SHOP)


API = FILES.replace(
    "    location", "    location /api/ { proxy_pass http://127.0.0.1:3000/v1/; }\n    location"
)


def test_a_location_for_the_one_application_there_is() -> None:
    (claim,) = judge(CHECK, config(API), BUILD, HOST, RUNNING, front(200), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    location /ws {\n+        proxy_pass http://127.0.0.1:3000;\n" in edit.diff


MORE = "    location /b { proxy_pass http://127.0.0.1:4000; }\n    location /api"


@pytest.mark.parametrize(
    "text", [FILES, API.replace("    location /api", MORE)], ids=["none", "several"]
)
def test_by_hand_where_nobody_knows_whose_it_is(text: str) -> None:
    (claim,) = judge(CHECK, config(text), BUILD, HOST, RUNNING, front(200), target=CHAT)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_no_location_takes_the_site_s_page_away() -> None:
    """A location for / would pass the page to the application too."""
    files = API.replace("location / {", "location ~ ^/$ {")
    for evidence, target in (
        ((replace(NAMED, path="/"),), SHOP),
        ((front(200),), replace(CHAT, websockets=("/",))),
    ):
        (claim,) = judge(CHECK, config(files), BUILD, HOST, RUNNING, *evidence, target=target)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL
        assert claim.fix.steps[0] == Manual("pass-upgrades-alone", Where.SERVER)


NAMED = WebSocketPath(source="https://shop.example.com/app.js", path="/live")


def test_fires_as_a_warning_on_a_path_of_the_page() -> None:
    beside = FILES.replace(
        "    location /", f"    location /api/ {{\n{PASSING}    }}\n    location /"
    )
    (claim,) = judge(CHECK, config(beside), NAMED)
    assert claim.severity is Severity.WARNING
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


@pytest.mark.parametrize(
    "observations",
    [
        (config(), NAMED),
        (config(FILES), replace(NAMED, path="/socket.io/", library="Socket.IO")),
        (config(FILES), NAMED, replace(page(200), mentions=("wss://live.example.net/",))),
    ],
    ids=["passed on", "a default", "another host"],
)
def test_silent_on_a_path_of_the_page_that_may_not_be_used(
    observations: tuple[Observation, ...],
) -> None:
    assert not judge(CHECK, *observations)


def test_fires_on_the_default_path_of_socketio_where_a_message_says_so() -> None:
    """Issue 616 of Flask-SocketIO: "WebSocket handshake: Unexpected response code: 200"."""
    named = replace(NAMED, path="/socket.io/", library="Socket.IO")
    asked = replace(SHOP, symptom=Symptom("websocket-status", "Unexpected response code: 200", 200))
    (claim,) = judge(CHECK, config(FILES), named, target=asked)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)


def test_silent_on_a_path_whose_beginning_is_not_known() -> None:
    """Issue 4493 of Gradio: `new WebSocket(url + "/queue/join")` below /chat/."""
    assert not judge(CHECK, config(FILES), replace(NAMED, base="unknown"))
    assert not judge(CHECK, config(FILES), replace(NAMED, base="assumed"))
    asked = replace(SHOP, symptom=Symptom("websocket-status", "Unexpected response code: 200", 200))
    assert not judge(CHECK, config(FILES), replace(NAMED, base="unknown"), target=asked)


def test_fires_on_a_path_of_the_root_where_a_message_is_about_it() -> None:
    asked = replace(SHOP, symptom=Symptom("websocket-status", "Unexpected response code: 200", 200))
    assert judge(CHECK, config(FILES), replace(NAMED, base="assumed"), target=asked)


def test_passes_the_handshakes_alone_where_the_application_has_all_other_paths() -> None:
    page = "    location = / {\n        root /var/www/home;\n    }\n\n    location / {"
    text = SITE.replace("    location / {", page)
    root = replace(CHAT, websockets=("/",))
    (claim,) = judge(CHECK, config(text), BUILD, HOST, RUNNING, front(200), target=root)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert isinstance(claim.fix.steps[0], Edit)
    added = [line[1:].strip() for line in claim.fix.steps[0].diff.split("\n") if line[:1] == "+"]
    assert "location @websocket {" in added
    assert added.count("proxy_pass http://127.0.0.1:3000;") == 1
    assert added[-4:] == [
        "error_page 418 = @websocket;", "if ($http_upgrade = websocket) {", "return 418;", "}",
    ]  # fmt: skip
    (claim,) = judge(
        CHECK, config(text.replace("root /var", "error_page 404 /x;\n root /var")), BUILD, HOST,
        RUNNING, front(200), target=root,
    )  # fmt: skip
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_a_path_outside_of_the_folder_of_its_page_follows_from_the_missing_folder() -> None:
    trial = PageFileTrial(
        page="https://shop.example.com/app/", file="https://shop.example.com/static/app.css",
        url="https://shop.example.com/app/static/app.css", prefix="/app", address="203.0.113.10",
        port=443, is_absolute=True, status=200, is_used=True,
    )  # fmt: skip
    for observation, expected in (
        (trial, ("http.base-path-missing",)), (replace(trial, prefix="/live"), ()),
    ):  # fmt: skip
        (claim,) = judge(CHECK, config(FILES), NAMED, observation, target=SHOP)
        assert claim.consequence_of == expected


def test_a_path_of_a_location_outside_of_its_block_follows_from_the_refused_file() -> None:
    text = f"{FILES}location /socket.io/ {{\n    proxy_pass http://127.0.0.1:3000;\n}}\n"
    refused = nginx_says(f'"location" directive is not allowed here in {FILE}:13')
    (claim,) = judge(CHECK, config(text), RUNNING, refused, KNOWN, page(200))
    assert claim.consequence_of == ("nginx.config-invalid",)


KNOWN = WebSocketPath(
    source="https://shop.example.com/kuma/dashboard", path="/socket.io/", library="Uptime Kuma"
)
KUMA = KnownApplication(
    id="uptime-kuma", name="Uptime Kuma", url=KNOWN.source, folder="/kuma/", by="title"
)
INNER = replace(KNOWN, path="/kuma/socket.io/", library="Socket.IO")
FILTERED = FILES.replace("root", "sub_filter /assets /kuma/assets;\n        root")


def page_with(file: str) -> Page:
    url = f"https://shop.example.com{file}"
    return Page(
        url=KNOWN.source, address="203.0.113.10", port=443, files=(PageFile("script", url),)
    )


@pytest.mark.parametrize(
    ("text", "observations", "fires"),
    [
        (FILTERED, (INNER,), False),
        (FILES, (page_with("/kuma/app.js"),), False),
        (FILTERED, (page_with("/kuma/app.js"),), True),
        (FILES, (page_with("/assets/app.js"),), True),
        (FILES, (), True),
    ],
    ids=["its script", "knows its folder", "filtered by half", "files at the root", "alone"],
)
def test_a_known_path_is_that_of_its_folder_where_the_page_says_so(
    text: str, observations: tuple[Observation, ...], fires: bool
) -> None:
    claims = judge(CHECK, config(text), KNOWN, KUMA, page(200), *observations)
    assert bool([claim for claim in claims if "/socket.io/" in claim.facts["paths"]]) is fires  # type: ignore[operator]


def opened(port: int, path: str = "/ws", accepted: bool = True) -> BackendVisit:
    target = f"http://127.0.0.1:{port}"
    return BackendVisit(
        target=target, requested="/ws", path=path, websocket=True, accepted=accepted, connected=True
    )


def test_the_only_program_that_opens_it_is_named() -> None:
    refuses = opened(3000, accepted=False)
    (claim,) = judge(CHECK, config(FILES), RUNNING, front(404), opened(8080), refuses, target=CHAT)
    assert "+        proxy_pass http://127.0.0.1:8080;" in diff_of(claim)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_a_program_that_opens_every_path_is_meant_less() -> None:
    everywhere = opened(3000), opened(3000, "/diagnose-unknown")
    seen = (config(FILES), RUNNING, front(404), opened(8080), *everywhere)
    (claim,) = judge(CHECK, *seen, target=CHAT)
    assert "+        proxy_pass http://127.0.0.1:8080;" in diff_of(claim)
    (claim,) = judge(CHECK, *seen, opened(8081), target=CHAT)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ("<script src=/ws.js></script>", "location = /ws {"),
        ('<script src="ws-client/a.min.js">', "location = /ws {"),
        ("<p>Chat at /ws</p>", "location /ws {"),
        ('<script src="./ws-client.min.js">', "location = /ws {"),
        ('<script src="/js/ws.js">', "location /ws {"),
    ],
)
def test_files_whose_names_begin_with_the_path_stay(body: str, location: str) -> None:
    shown = replace(page(200), body=body)
    (claim,) = judge(CHECK, config(FILES), RUNNING, front(404), opened(8080), shown, target=CHAT)
    assert f"+    {location}" in diff_of(claim)


def diff_of(claim: Claim) -> str:
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    return edit.diff
