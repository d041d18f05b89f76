"""upstream.other-application: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Observation, Severity
from diagnose.model.backends import BackendVisit
from diagnose.model.pages import PageFileTrial
from diagnose.model.program_logs import ProgramLine
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.websocket_evidence import upgrade

CHECK = "upstream.other-application"
API = "/api/items"
PAGES = "location / { proxy_pass http://127.0.0.1:3002; }"
BOTH = f"{PAGES}\n location /api/ {{ proxy_pass http://127.0.0.1:3002; }}"
SOCKETS = f"{PAGES}\n location /ws {{ proxy_pass http://127.0.0.1:3002; }}"
HAS = BackendVisit(
    target="http://127.0.0.1:3001", requested=API, path=API, websocket=False, status=200,
    connected=True, accepted=False,
)  # fmt: skip
UNKNOWN = replace(HAS, path=f"{API}-diagnose-7f3a", status=404)
OPENS = replace(HAS, requested="/ws", path="/ws", websocket=True, status=101, accepted=True)
REFUSES = replace(OPENS, path="/ws-diagnose-7f3a", status=404, accepted=False)


def claims(
    lines: str, *observations: Observation, path: str = API, status: int = 404
) -> list[Claim]:
    text = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    target = replace(SHOP, path=path)
    response = replace(page(status), url=f"{SHOP.origin}{path}")
    return judge(CHECK, RUNNING, config(text), response, *observations, target=target)


def lines_of(claim: Claim) -> str:
    return str(claim.fix and claim.fix.steps[0]).replace("\\n", "\n")


def test_fires_where_the_location_has_the_port_of_another_application() -> None:
    (claim,) = claims(BOTH, HAS, UNKNOWN)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["target"], claim.facts["whole"]) == ("127.0.0.1:3001", True)
    assert "+ location /api/ { proxy_pass http://127.0.0.1:3001; }" in lines_of(claim)


def test_fires_where_a_path_of_the_site_has_no_location_of_its_own() -> None:
    known = f"{PAGES}\n location /data/ {{ proxy_pass http://127.0.0.1:3001; }}"
    (claim,) = claims(known, HAS, UNKNOWN)
    assert (claim.facts["prefix"], claim.facts["whole"]) == ("/api/", False)
    assert "+ location ^~ /api/ {" in lines_of(claim)


def test_a_location_that_takes_a_longer_word_keeps_its_program() -> None:
    """`location /api` gets /api-docs too: the path needs a location, and /api its own program."""
    lines = (
        "location /api { proxy_pass http://127.0.0.1:3002; }\n"
        " location / { proxy_pass http://127.0.0.1:3001; }"
    )
    path = "/api-docs"
    has = replace(HAS, requested=path, path=path)
    unknown = replace(has, path="/api-docs-diagnose-7f3a", status=404)
    (claim,) = claims(lines, has, unknown, path=path)
    assert (claim.facts["word"], claim.facts["prefix"]) == (True, path)
    assert "+ location /api-docs {" in lines_of(claim)
    assert "proxy_pass http://127.0.0.1:3001;" in lines_of(claim)
    # Below the location itself it is the port that is wrong.
    (claim,) = claims(lines, HAS, UNKNOWN)
    assert (claim.facts["word"], claim.facts["whole"]) == (False, True)


def test_a_program_that_nginx_does_not_name_is_opened_by_a_person_only() -> None:
    """It may listen on loopback so that visitors do not reach it."""
    (claim,) = claims(PAGES, HAS, UNKNOWN)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize("path", ["/admin/", "/metrics", "/login"])
def test_silent_for_a_path_that_many_programs_have(path: str) -> None:
    has = replace(HAS, requested=path, path=path)
    unknown = replace(has, path=f"{path}-diagnose-7f3a", status=404)
    assert not claims(PAGES, has, unknown, path=path)


def test_fires_where_another_program_opens_the_websocket() -> None:
    for controls in (
        (REFUSES,),
        (replace(REFUSES, accepted=True), replace(HAS, requested="/ws", path="/ws", status=426)),
    ):
        (claim,) = claims(SOCKETS, OPENS, *controls, upgrade(404), path="/", status=200)
        assert claim.severity is Severity.WARNING
        assert "proxy_pass http://127.0.0.1:3001;" in lines_of(claim)
        assert "proxy_set_header Upgrade $http_upgrade;" in lines_of(claim)
    (claim,) = claims(PAGES, OPENS, REFUSES, upgrade(404), path="/", status=200)
    assert "+ location /ws {" in lines_of(claim)


def test_silent_about_a_websocket_that_the_program_writes_it_cannot_open() -> None:
    line = ProgramLine(message="WARNING:  Unsupported upgrade request.", weight=1, endpoint="3000")
    assert not claims(SOCKETS, OPENS, REFUSES, upgrade(404), line, path="/", status=200)
    assert claims(PAGES, HAS, UNKNOWN, line), "a page is no matter of that line"


def test_the_name_is_moved_where_it_stands_in_the_block_of_another_site() -> None:
    """Only where that block has names of another site, to which its program belongs."""

    def of_names(names: str) -> Claim:
        own = f"server {{\n listen 443 ssl;\n server_name {names};\n {PAGES}\n}}\n"
        right = PAGES.replace("3002", "3001")
        block = f"server {{\n listen 443 ssl;\n server_name old.example.com;\n {right}\n}}\n"
        second = [replace(each, requested="/app/a") for each in (HAS, UNKNOWN)]
        second = [
            replace(each, path=path)
            for each, path in zip(second, ("/app/a", "/app/a-diagnose-7f3a"), strict=True)
        ]
        target = replace(SHOP, path=API)
        missing = [replace(page(404), url=f"{SHOP.origin}{path}") for path in (API, "/app/a")]
        plain = replace(page(301), url="http://shop.example.com/diagnose-1", port=80)
        seen = (RUNNING, config(own + block), *missing, plain, HAS, UNKNOWN, *second)
        (claim,) = judge(CHECK, *seen, target=target)
        return claim

    claim = of_names("status.example.net shop.example.com")
    assert claim.facts["block_names"] == "old.example.com"
    assert "server_name old.example.com shop.example.com;" in lines_of(claim)
    assert "server_name status.example.net;" in lines_of(claim)
    assert not of_names("shop.example.com www.shop.example.com").facts["block"]


OTHER = replace(HAS, target="http://127.0.0.1:3009")


@pytest.mark.parametrize(
    "visits",
    [
        (HAS, replace(UNKNOWN, status=200)),
        (HAS,),
        (replace(HAS, status=404), UNKNOWN),
        (HAS, UNKNOWN, OTHER, replace(OTHER, path=UNKNOWN.path, status=404)),
    ],
    ids=["every path", "no control", "not there either", "two programs"],
)
def test_silent_where_no_program_alone_has_the_path(visits: tuple[BackendVisit, ...]) -> None:
    assert not claims(BOTH, *visits)


def test_silent_where_the_path_is_answered_or_refused() -> None:
    assert not claims(BOTH, HAS, UNKNOWN, status=200)
    assert not claims(BOTH, HAS, UNKNOWN, status=403)
    opened = upgrade(101, accepted=True, through="application")
    for upgrades in ((upgrade(401),), (upgrade(101, accepted=True),), (upgrade(404), opened)):
        assert not claims(SOCKETS, OPENS, REFUSES, *upgrades, path="/", status=200)


def test_fires_for_the_whole_site_whose_group_names_another_program() -> None:
    lines = "location / { proxy_pass http://shop; }"
    about = replace(HAS, requested="/about", path="/about")
    missing = replace(page(404), url=f"{SHOP.origin}/about", purpose="logged")
    text = (
        "upstream shop {\n server 127.0.0.1:3002 max_fails=2;\n}\n"
        f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    )
    visits = (HAS, UNKNOWN, about, replace(about, path="/about-diagnose-7f3a", status=404))
    first = replace(page(404), url=f"{SHOP.origin}{API}")
    target = replace(SHOP, path=API)
    (claim,) = judge(CHECK, RUNNING, config(text), first, missing, *visits, target=target)
    assert (claim.facts["whole"], claim.facts["paths"]) == (True, ("/about",))
    assert "+ server 127.0.0.1:3001 max_fails=2;" in lines_of(claim)
    # Port 80 redirects every path, and that proves nothing of one.
    plain = replace(first, url=f"http://shop.example.com{API}", port=80, status=301)
    seen = (config(text), first, plain, missing, *visits)
    (claim,) = judge(CHECK, RUNNING, *seen, target=target)
    assert claim.facts["whole"]


def test_keeps_the_path_of_the_target_where_the_program_has_what_it_makes() -> None:
    lines = "location / { proxy_pass http://web; }\n location /api/ { proxy_pass http://web/; }"
    text = (
        "upstream web {\n server 127.0.0.1:3002;\n}\n"
        f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {lines}\n}}\n"
    )
    visits = (replace(HAS, path="/items"), replace(UNKNOWN, path="/items-diagnose-7f3a"))
    response = replace(page(404), url=f"{SHOP.origin}{API}")
    target = replace(SHOP, path=API)
    (claim,) = judge(CHECK, RUNNING, config(text), response, *visits, target=target)
    assert "+ location /api/ { proxy_pass http://127.0.0.1:3001/; }" in lines_of(claim)


def test_silent_where_the_program_has_a_site_of_its_own_and_nobody_here_asked_for_the_path() -> (
    None
):
    blog = (
        "server {\n listen 443 ssl;\n server_name blog.example.com;\n"
        " location / { proxy_pass http://127.0.0.1:3001; }\n}\n"
    )
    own = f"server {{\n listen 443 ssl;\n server_name shop.example.com;\n {PAGES}\n}}\n"
    first, target = replace(page(404), url=f"{SHOP.origin}{API}"), replace(SHOP, path=API)
    seen = RUNNING, config(own + blog), HAS, UNKNOWN
    assert not judge(CHECK, *seen, first, target=target)
    logged = replace(first, purpose="logged")
    assert judge(CHECK, *seen, page(200), logged), "a page of the site asked for it"
    unnamed = config(own + blog.replace("blog.example.com", "_"))
    assert judge(CHECK, RUNNING, unnamed, HAS, UNKNOWN, first, target=target)


def test_leaves_a_location_that_another_name_has_too() -> None:
    text = "server {\n listen 443 ssl;\n server_name status.example.com shop.example.com;\n"
    response = replace(page(404), url=f"{SHOP.origin}{API}")
    target = replace(SHOP, path=API)
    seen = RUNNING, config(f"{text} {BOTH}\n}}\n"), response, HAS, UNKNOWN
    (claim,) = judge(CHECK, *seen, target=target)
    assert claim.facts["shared"] == ("status.example.com",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    alias = config(f"{text.replace('status', 'www.shop')} {BOTH}\n}}\n")
    (claim,) = judge(CHECK, RUNNING, alias, response, HAS, UNKNOWN, target=target)
    assert claim.facts["shared"] == ()


def test_silent_where_the_pages_own_program_has_the_file_below_its_folder() -> None:
    known = f"{PAGES}\n location /data/ {{ proxy_pass http://127.0.0.1:3001; }}"
    trial = PageFileTrial(
        page=f"{SHOP.origin}/data/", file=f"{SHOP.origin}{API}", url=f"{SHOP.origin}/data{API}",
        prefix="/data", address="203.0.113.10", port=443, is_absolute=True, status=200,
        is_used=True,
    )  # fmt: skip
    assert claims(known, HAS, UNKNOWN)
    assert not claims(known, HAS, UNKNOWN, trial)
