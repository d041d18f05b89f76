"""upstream.wrong-path: proxy_pass cuts the prefix off, or keeps it."""

from dataclasses import fields, replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Manual,
    Severity,
    Subject,
    Symptom,
    Target,
    Vantage,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests, UnservedRequests
from diagnose.model.requests import ComparedRequest, LoggedComparison
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.page_evidence import answered, loads, script
from tests.support.upstream_evidence import compared, controlled, page

CHECK = "upstream.wrong-path"
BELOW: Target = replace(SHOP, path="/app/")
BLOCK = SITE[: SITE.index("    location")]
KEPT = f"{BLOCK}    location /app/ {{\n        proxy_pass http://127.0.0.1:3000;\n    }}\n}}\n"
CUT = KEPT.replace(":3000;", ":3000/;")
MISSING = compared(404, path="/app/")
ROOT = compared(
    200,
    "path",
    change="replaced",
    original="/app/",
    value="/",
    path="/app/",
    is_html=True,
)
WHOLE = compared(200, "path", change="replaced", original="/", value="/app/", path="/app/")
LOOP = replace(page(301), url=BELOW.url, headers=(("Location", BELOW.url),))


def claims(
    text: str, *observations: ComparedRequest, answer: Exchange | None = None
) -> list[Claim]:
    door = answer or page(404)
    return judge(
        CHECK, config(text), BUILD, RUNNING, door, *controlled(*observations), target=BELOW
    )


def diff(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_when_the_prefix_is_cut_off() -> None:
    (claim,) = claims(CUT, MISSING, WHOLE)
    assert claim.confidence is Confidence.CERTAIN
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in diff(claim)


@pytest.mark.parametrize("status", [401, 405])
def test_fires_less_sure_where_the_whole_path_is_an_interface(status: int) -> None:
    """A login takes POST alone, and an interface wants credentials: it is there."""
    (claim,) = claims(CUT, MISSING, replace(WHOLE, status=status))
    assert claim.confidence is Confidence.LIKELY
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in diff(claim)


def test_silent_where_the_interface_at_the_root_was_not_seen() -> None:
    assert not claims(KEPT, MISSING, replace(ROOT, status=405, is_html=False))


def test_fires_when_the_application_redirects_to_the_prefix_for_ever() -> None:
    looping = compared(301, path="/app/", location=BELOW.url)
    (claim,) = claims(CUT, looping, WHOLE, answer=LOOP)
    assert claim.facts["loop"] is True


def test_fires_less_sure_when_the_prefix_is_kept() -> None:
    (claim,) = claims(KEPT, MISSING, ROOT)
    assert claim.confidence is Confidence.LIKELY
    assert "+        proxy_pass http://127.0.0.1:3000/;\n" in diff(claim)


def test_fires_for_an_interface_that_is_there_without_the_prefix() -> None:
    api = replace(ROOT, original="/app/api", value="/api", is_html=False)
    (claim,) = claims(KEPT, MISSING, api)
    assert claim.confidence is Confidence.LIKELY


def test_fires_and_a_person_rewrites_in_a_location_with_a_regular_expression() -> None:
    text = KEPT.replace("location /app/", "location ~ ^/app/")
    (claim,) = claims(text, MISSING, ROOT)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_a_location_without_a_slash_gets_it_too() -> None:
    text = KEPT.replace("location /app/", "location /app")
    (claim,) = claims(text, MISSING, ROOT)
    made = diff(claim)
    assert "+    location /app/ {\n" in made
    assert "+        proxy_pass http://127.0.0.1:3000/;\n" in made


def test_a_person_changes_it_where_the_other_location_is_there() -> None:
    other = "    location = /app/ {\n        return 204;\n    }\n"
    text = KEPT.replace("    location /app/", f"{other}    location /app")
    found = [claim for claim in claims(text, MISSING, ROOT) if claim.fix]
    assert all(isinstance(claim.fix.steps[0], Manual) for claim in found if claim.fix)


@pytest.mark.parametrize(
    ("text", "status", "better"),
    [
        (KEPT, 404, replace(ROOT, is_html=False)),
        (KEPT, 404, replace(ROOT, status=302, location="https://shop.example.com/login")),
        (KEPT, 403, ROOT),
        (CUT, 403, WHOLE),
        (
            KEPT.replace(
                "    location",
                "    location / {\n        proxy_pass http://127.0.0.1:3000;\n    }\n    location",
            ),
            404,
            ROOT,
        ),
    ],
    ids=["an interface", "a redirect", "a rule", "a rule for the prefix", "the whole application"],
)
def test_silent_when(text: str, status: int, better: ComparedRequest) -> None:
    refused = replace(MISSING, status=status)
    assert not claims(text, refused, better, answer=page(status))


def test_fires_for_certain_where_the_root_leads_below_the_prefix() -> None:
    """Grafana with `root_url` below /app/ answers 404 there, and leads from / to /app/login."""
    login = "https://shop.example.com/app/login"
    root = replace(ROOT, status=302, is_html=False, location=login)
    (claim,) = claims(KEPT, MISSING, root)
    assert claim.confidence is Confidence.CERTAIN
    assert not claims(KEPT, MISSING, replace(root, location="https://shop.example.com/login"))


def test_fires_on_a_page_behind_the_target_that_redirects_to_itself() -> None:
    """Jellyfin with the base URL /app, whose pages are asked for without it."""
    web = "https://shop.example.com/app/web/"
    start = replace(LOOP, headers=(("Location", web),))
    loop = replace(LOOP, url=web, purpose="redirect", headers=(("Location", web),))
    observations = (BUILD, RUNNING, start, loop)
    (claim,) = judge(CHECK, config(CUT), *observations, target=BELOW, masked=False)
    assert (claim.confidence, claim.facts["asked"]) == (Confidence.LIKELY, False)
    assert (claim.facts["original"], claim.facts["value"]) == ("/web/", "/app/web/")
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in diff(claim)
    assert not judge(CHECK, config(KEPT), *observations, target=BELOW)
    elsewhere = replace(loop, headers=(("Location", "https://shop.example.com/app/login"),))
    assert not judge(CHECK, config(CUT), BUILD, RUNNING, start, elsewhere, target=BELOW)


# A path at which other requests of visitors fail

FAILED = FailedRequests(
    vantage=Vantage.SERVER,
    file="/var/log/nginx/access.log",
    method="GET",
    path="/app/roms",
    status=404,
    written="12:00:00",
    is_from_page=True,
    server="nginx",
)


def of_the_log(request: ComparedRequest) -> LoggedComparison:
    """The same request, for a path of the log."""
    values = {field.name: getattr(request, field.name) for field in fields(request)}
    return LoggedComparison(**values)


LOST = compared(404, path="/app/roms")
THERE = compared(
    200, "path", change="replaced", original="/roms", value="/app/roms", path="/app/roms"
)
MADE_UP = compared(
    404, "unknown-path", change="replaced", original="/roms", value="/app/roms-7f3a",
    path="/app/roms",
)  # fmt: skip


def logged_claims(
    text: str, *observations: ComparedRequest, made_up: ComparedRequest
) -> list[Claim]:
    """The target's own page is answered."""
    requests = [of_the_log(request) for request in (*controlled(*observations), made_up)]
    return judge(CHECK, config(text), BUILD, RUNNING, page(200), FAILED, *requests)


def test_fires_for_a_path_of_the_log() -> None:
    (claim,) = logged_claims(CUT, LOST, THERE, made_up=MADE_UP)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is Severity.WARNING
    assert claim.facts["url"] == f"{SHOP.origin}/app/roms"
    assert claim.covers == (Subject(port=443, path="/app/roms"),)
    assert FAILED in claim.because
    assert "+        proxy_pass http://127.0.0.1:3000;\n" in diff(claim)


def test_silent_for_a_path_of_the_log_where_one_page_answers_all() -> None:
    assert not logged_claims(CUT, LOST, THERE, made_up=replace(MADE_UP, status=200))


def test_fires_for_data_beside_one_page_for_all_paths() -> None:
    assert logged_claims(CUT, LOST, THERE, made_up=replace(MADE_UP, status=200, is_html=True))


def test_silent_for_a_path_of_the_log_without_a_control() -> None:
    assert not logged_claims(CUT, LOST, THERE, made_up=replace(MADE_UP, part="none", status=404))


MISSED = UnservedRequests(
    vantage=Vantage.SERVER,
    file="/var/log/nginx/access.log",
    path="/app/roms",
    folder="/app",
    written="12:00:00",
    times=2,
)


def missed_claims(
    text: str, missed: UnservedRequests, *observations: ComparedRequest
) -> list[Claim]:
    requests = [of_the_log(request) for request in controlled(*observations)]
    return judge(CHECK, config(text), BUILD, RUNNING, page(200), missed, *requests)


def test_fires_for_a_path_that_programs_ask_for_again() -> None:
    (claim,) = missed_claims(CUT, MISSED, LOST, replace(THERE, status=401), MADE_UP)
    assert claim.confidence is Confidence.LIKELY
    assert claim.severity is Severity.WARNING
    assert MISSED in claim.because
    assert claim.facts["status"] == 404


def test_silent_for_a_single_missed_page_where_the_application_has_its_first_page() -> None:
    """A program may ask for the address of an interface, which need not be there."""
    missed = replace(MISSED, path="/app/")
    made_up = compared(404, "unknown-path", value="/-diagnose-7f3a", path="/app/")
    assert not missed_claims(KEPT, missed, MISSING, ROOT, made_up)
    (claim,) = missed_claims(KEPT, replace(missed, beside=1), MISSING, ROOT, made_up)
    assert claim.confidence is Confidence.LIKELY


WHOLE_FILE = script("/app/static/app.js")
FILE = compared(404, path="/app/static/app.js")
FILE_WITHOUT = compared(
    200, "path", change="replaced", original="/app/static/app.js", value="/static/app.js",
    path="/app/static/app.js",
)  # fmt: skip
MADE_UP_FILE = compared(404, "unknown-path", value="/static/app.js-7f3a", path="/app/static/app.js")
PAGE_WITH = replace(compared(200, path="/app/", is_html=True), length=900)
PAGE_WITHOUT = replace(PAGE_WITH, part="path", change="replaced", value="/")


def file_claims(text: str, *observations: ComparedRequest, status: int = 404) -> list[Claim]:
    """The page below /app/ is answered, and its script is not; with 200 the page comes for it."""
    requests = [of_the_log(request) for request in observations]
    file = answered(WHOLE_FILE, status, page=BELOW.url, is_html=status == 200)
    return judge(
        CHECK, config(text), BUILD, RUNNING, replace(page(200), url=BELOW.url),
        loads(WHOLE_FILE, url=BELOW.url), file, *requests,
        target=BELOW,
    )  # fmt: skip


def test_fires_for_a_file_of_a_page_that_is_there_with_any_prefix() -> None:
    (claim,) = file_claims(
        KEPT, *controlled(FILE, FILE_WITHOUT), MADE_UP_FILE, PAGE_WITH, PAGE_WITHOUT
    )
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is Severity.WARNING
    assert claim.facts["file"]
    assert claim.facts["url"] == f"{SHOP.origin}/app/static/app.js"
    assert Subject(address="203.0.113.10", port=443) in claim.covers
    assert "+        proxy_pass http://127.0.0.1:3000/;\n" in diff(claim)


def test_fires_for_a_file_in_whose_place_the_page_for_all_paths_comes() -> None:
    kept = replace(FILE, status=200, is_html=True)
    unknown = replace(MADE_UP_FILE, status=200, is_html=True)
    asked = (*controlled(kept, FILE_WITHOUT), unknown, PAGE_WITH, PAGE_WITHOUT)
    (claim,) = file_claims(KEPT, *asked, status=200)
    assert claim.facts["file"]
    assert "+        proxy_pass http://127.0.0.1:3000/;\n" in diff(claim)


def test_fires_likely_where_another_page_may_be_there_without_the_prefix() -> None:
    for length in (700, None):
        other = replace(PAGE_WITHOUT, length=length)
        asked = (*controlled(FILE, FILE_WITHOUT), MADE_UP_FILE, PAGE_WITH, other)
        (claim,) = file_claims(KEPT, *asked)
        assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    "requests",
    [
        (FILE, FILE_WITHOUT, MADE_UP_FILE, PAGE_WITH),
        (FILE, FILE_WITHOUT, MADE_UP_FILE, PAGE_WITH, replace(PAGE_WITHOUT, status=404)),
        (FILE, FILE_WITHOUT, PAGE_WITH, PAGE_WITHOUT),
        (FILE, FILE_WITHOUT, replace(MADE_UP_FILE, status=200), PAGE_WITH, PAGE_WITHOUT),
        (FILE, replace(FILE_WITHOUT, status=404), MADE_UP_FILE, PAGE_WITH, PAGE_WITHOUT),
        (FILE, replace(FILE_WITHOUT, is_html=True), MADE_UP_FILE, PAGE_WITH, PAGE_WITHOUT),
    ],
)
def test_silent_for_a_file_without_its_controls(requests: tuple[ComparedRequest, ...]) -> None:
    assert not file_claims(KEPT, *requests)


def test_silent_for_a_file_where_the_prefix_is_cut_off_or_kept_on_purpose() -> None:
    requests = (*controlled(FILE, FILE_WITHOUT), MADE_UP_FILE, PAGE_WITH, PAGE_WITHOUT)
    assert not file_claims(CUT, *requests)
    beside = KEPT.replace(
        "    location /app/",
        "    location /b/ { proxy_pass http://127.0.0.1:3000; }\n    location /app/",
    )
    assert not file_claims(beside, *requests)


def test_silent_for_a_page_that_is_answered_and_of_which_a_form_fails() -> None:
    failed = replace(FAILED, path="/app/")
    requests = [of_the_log(request) for request in (PAGE_WITH, PAGE_WITHOUT)]
    answer = replace(page(200), url=BELOW.url)
    assert not judge(CHECK, config(KEPT), BUILD, RUNNING, answer, failed, *requests, target=BELOW)


ADDED = SITE.replace("http://127.0.0.1:3000", "http://127.0.0.1:3000/hooks/")


@pytest.mark.parametrize("is_page", [True, False])
def test_a_folder_that_is_put_before_all_paths_is_meant(is_page: bool) -> None:
    """adnanh/webhook says "OK" at "/", and serves its hooks below /hooks/."""
    root = compared(200, "path", change="replaced", original="/hooks/", value="/", is_html=is_page)
    found = judge(CHECK, config(ADDED), BUILD, RUNNING, page(404), *controlled(compared(404), root))
    assert [claim.confidence for claim in found] == ([Confidence.LIKELY] if is_page else [])


def test_a_folder_that_the_asked_path_has_already_gets_its_own_location() -> None:
    """Pi-hole behind `proxy_pass http://…/admin/`: its pages ask for /admin/scripts/."""
    target = replace(BELOW, path="/hooks/app.js")
    whole = compared(
        200, "path", change="replaced", original="/hooks/hooks/app.js", value="/hooks/app.js"
    )
    answer = replace(page(404), url=target.url)
    (claim,) = judge(
        CHECK, config(ADDED), BUILD, RUNNING, answer, *controlled(compared(404), whole),
        target=target,
    )  # fmt: skip
    assert claim.facts["doubled"] == "/hooks/"
    assert claim.confidence is Confidence.CERTAIN
    assert "+    location /hooks/ {" in diff(claim)
    assert "+        proxy_pass http://127.0.0.1:3000;" in diff(claim)
    assert "-" not in {line[:1] for line in diff(claim).split("\n")[2:]}


#: The settings of a location are those of `location /`, and so is its application.
TWICE = KEPT.replace(
    "    location /app/",
    "    location / {\n        proxy_pass http://127.0.0.1:3000;\n    }\n    location /app/",
)


def twice(text: str, symptom: Symptom | None) -> list[Claim]:
    target = replace(BELOW, symptom=symptom)
    return judge(
        CHECK, config(text), BUILD, RUNNING, page(404), *controlled(MISSING, ROOT), target=target
    )


def test_a_location_that_sets_nothing_may_be_meant_to_cut_the_prefix() -> None:
    message = Symptom("status", "404 not found on /app/", 404)
    (claim,) = twice(TWICE, message)
    assert (claim.confidence, claim.severity) == (Confidence.POSSIBLE, Severity.WARNING)
    assert "+        proxy_pass http://127.0.0.1:3000/;" in diff(claim)
    # An interface often has no page at its own path: without a message nothing is wrong.
    assert not twice(TWICE, None)
    purpose = TWICE.replace(
        "    location /app/ {\n", "    location /app/ {\n proxy_buffering off;\n"
    )
    assert not twice(purpose, message)
    another = TWICE.replace("    location / {", "    location /b/ {")
    assert not twice(another, message)
