"""server.traefik-router-passed-over: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Edit, Manual
from diagnose.model.traefik import Router
from diagnose.model.web_servers import ServerFile, WebServerConfig
from diagnose.parsers.target import parse_target
from tests.support.check_evidence import judge
from tests.support.traefik_evidence import NOT_FOUND, ROUTER, TRAEFIK, state

CHECK = "server.traefik-router-passed-over"
ITEMS = parse_target("https://shop.example.com/api/items")
SOCKET = replace(parse_target("https://shop.example.com/"), websockets=("/api/live",))
MAIN = replace(ROUTER, service="page", priority=len(ROUTER.rule))
RULE = "Host(`shop.example.com`) && PathPrefix(`/api`)"
API = replace(ROUTER, name="api@file", rule=RULE, service="api", priority=len(RULE))
LOWER, HIGHER = replace(API, priority=1), replace(MAIN, priority=99)
OLD = "PathPrefix(`/api`, `/apidocs`)"
BROKEN = replace(
    API,
    rule=OLD,
    status="disabled",
    errors=(f"error while parsing rule {OLD}: unexpected number of parameters; got 2, expected 1",),
    takes=None,
    has_name=False,
    priority=99,
)
PAGE = replace(
    NOT_FOUND,
    url=ITEMS.url,
    status=200,
    headers=(("Content-Type", "text/html"),),
    body="<!doctype html><div id=app></div>",
)
LOST = replace(PAGE, status=404, body="no such page")
FILE = """\
http:
  routers:
    shop:
      rule: Host(`shop.example.com`)
      service: page
      priority: 99
    api:
      rule: Host(`shop.example.com`) && PathPrefix(`/api`)
      service: api
      priority: 1
"""
CONFIG = WebServerConfig(
    product="traefik",
    path="/etc/traefik/traefik.yml",
    files=(ServerFile("/etc/traefik/dynamic/shop.yml", FILE),),
)


@pytest.mark.parametrize("page", [PAGE, LOST])
@pytest.mark.parametrize(
    "routers", [(HIGHER, API), (MAIN, LOWER), (replace(MAIN, priority=1), BROKEN)]
)
def test_fires_where_the_closer_router_is_passed_over(
    routers: tuple[Router, ...], page: object
) -> None:
    assert page in (PAGE, LOST)
    answer = PAGE if page is PAGE else LOST
    (claim,) = judge(CHECK, TRAEFIK, state(*routers), answer, target=ITEMS)
    assert (claim.facts["router"], claim.facts["winner"]) == ("api@file", "shop@file")


def test_fires_with_the_edit_of_the_priority() -> None:
    routers = state(HIGHER, replace(API, priority=1))
    (claim,) = judge(CHECK, TRAEFIK, CONFIG, routers, PAGE, target=ITEMS)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "-      priority: 1\n+      priority: 100\n" in edit.diff


@pytest.mark.parametrize(
    ("rows", "fault", "routers", "expected"),
    [
        (
            ("Path(`/api`)", "service: api"),
            "exact",
            (MAIN, replace(API, rule=RULE.replace("PathPrefix", "Path"), takes=False)),
            "PathPrefix(`/api`)",
        ),
        (
            ("PathPrefix(`/api`)", "service: api"),
            "no_tls",
            (MAIN, replace(API, tls=False)),
            "+      tls: {",
        ),
        (
            ("PathPrefix(`/api`)", "service: backend"),
            "by_error",
            (
                MAIN,
                replace(
                    API,
                    status="disabled",
                    errors=('the service "backend@file" does not exist',),
                    service="backend",
                ),
            ),
            "+      service: api",
        ),
        (
            ("PathPrefix(`/api`)", "service: api"),
            "no_point",
            (MAIN, replace(API, entry_points=("https",))),
            "+      entryPoints: [websecure]",
        ),
    ],
)
def test_fires_for_the_only_fault_of_a_router(
    rows: tuple[str, str], fault: str, routers: tuple[Router, ...], expected: str
) -> None:
    text = FILE.replace("PathPrefix(`/api`)", rows[0]).replace("      priority: 99\n", "")
    text = text.replace(
        "service: api\n      priority: 1\n", f"{rows[1]}\n      entryPoints: [https]\n"
    )
    text += "  services:\n    api: {}\n    page: {}\n"
    config = replace(CONFIG, files=(ServerFile("/etc/traefik/dynamic/shop.yml", text),))
    (claim,) = judge(CHECK, TRAEFIK, config, state(*routers), LOST, target=ITEMS, masked=False)
    assert claim.facts[fault]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert expected in edit.diff


def test_fires_for_a_rule_with_alternatives_that_takes_the_start_page() -> None:
    wide = "Host(`shop.example.com`) || PathPrefix(`/api`)"
    api = replace(API, rule=wide, priority=len(wide))
    start = parse_target("https://shop.example.com/")
    page = replace(LOST, url=start.url)
    text = FILE.replace("&&", "||").replace("      priority: 99\n", "")
    config = replace(CONFIG, files=(ServerFile("/etc/traefik/dynamic/shop.yml", text),))
    seen = (TRAEFIK, config, state(MAIN, api), page)
    (claim,) = judge(CHECK, *seen, target=start, masked=False)
    assert (claim.facts["either"], claim.facts["router"]) == (True, MAIN.name)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "Host(`shop.example.com`) && PathPrefix(`/api`)" in edit.diff
    rest = replace(MAIN, rule="PathPrefix(`/`)", has_name=False, priority=15)
    assert not judge(CHECK, TRAEFIK, config, state(rest, api), page, target=start, masked=False)


@pytest.mark.parametrize(
    "router",
    [
        replace(API, name="api@internal", service="api@internal", entry_points=("traefik",)),
        replace(API, entry_points=("vpn",)),  # closed on purpose
        replace(API, service="page", tls=False),  # the same application
        replace(API, tls=False, entry_points=("http",), rule="Host(`a.example.com`)"),
        replace(API, filtered="unhealthy"),
        replace(API, rule="Host(`shop.example.com`) && Path(`/other`)"),
        replace(API, rule="Host(`shop.example.com`) && PathPrefix(`/`)", tls=False),
        # The start page, and one beside it: below them are the pages of the application.
        replace(API, rule="Host(`shop.example.com`) && (Path(`/`) || Path(`/about`))"),
        replace(API, rule="Host(`shop.example.com`) && Path(`/about`, `/`)"),
    ],
)
def test_silent_where_a_router_is_for_others(router: Router) -> None:
    assert not judge(CHECK, TRAEFIK, state(MAIN, router), LOST, target=ITEMS)


def test_fires_with_a_label_for_a_container() -> None:
    own = replace(API, container="api", name="api@docker")
    (claim,) = judge(CHECK, TRAEFIK, CONFIG, state(HIGHER, own), PAGE, target=ITEMS)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)
    assert claim.facts["setting"] == "traefik.http.routers.api.priority=100"


@pytest.mark.parametrize(
    "routers",
    [
        (MAIN, API),  # the closer one gets it
        (HIGHER, replace(API, rule="Host(`shop.example.com`)", priority=1)),  # no path of its own
        (HIGHER, replace(API, entry_points=("web",))),
        (HIGHER, replace(API, rule=RULE.replace("/api", "/other"), priority=1)),
        (HIGHER, API, replace(API, name="other@file", priority=2)),  # which one is meant
        (HIGHER, replace(API, status="disabled", errors=("middleware a does not exist",))),
    ],
)
def test_silent_where_no_router_or_several_are_meant(routers: tuple[Router, ...]) -> None:
    assert not judge(CHECK, TRAEFIK, state(*routers), PAGE, target=ITEMS)


def test_silent_where_the_answer_may_be_right() -> None:
    data = replace(PAGE, headers=(("Content-Type", "application/json"),), body="[]")
    assert not judge(CHECK, TRAEFIK, state(HIGHER, API), data, target=ITEMS)
    own = parse_target("https://shop.example.com/about")
    about = replace(API, rule=RULE.replace("/api", "/about"), priority=1)
    page = replace(PAGE, url=own.url)
    assert not judge(CHECK, TRAEFIK, state(HIGHER, about), page, target=own)


def test_silent_where_other_routers_may_be_there() -> None:
    assert not judge(CHECK, TRAEFIK, state(HIGHER, API, complete=False), PAGE, target=ITEMS)


OTHERS_RULE = "HostRegexp(`^[a-z0-9-]+\\.example\\.com$`) && PathPrefix(`/`)"
OTHERS = replace(
    ROUTER, name="others@file", rule=OTHERS_RULE, service="landing", priority=len(OTHERS_RULE)
)


def test_fires_for_the_host_where_the_rule_of_many_hosts_is_longer() -> None:
    told = parse_target("https://shop.example.com/ shows the landing page instead of the shop")
    page = replace(PAGE, url="https://shop.example.com/")
    (claim,) = judge(CHECK, TRAEFIK, state(MAIN, OTHERS), page, target=told, masked=False)
    assert (claim.facts["winner"], claim.facts["router"]) == ("others@file", MAIN.name)
    assert claim.facts["setting"] == f"priority: {len(OTHERS_RULE) + 1}"


def test_silent_where_the_rule_of_many_hosts_is_for_a_path_or_the_page_is_right() -> None:
    told = parse_target("https://shop.example.com/ shows the landing page instead of the shop")
    page = replace(PAGE, url="https://shop.example.com/")
    for_path = replace(OTHERS, rule=OTHERS_RULE.replace("`/`", "`/login`"))
    assert not judge(CHECK, TRAEFIK, state(MAIN, for_path), page, target=told, masked=False)
    plain = parse_target("https://shop.example.com/")
    assert not judge(CHECK, TRAEFIK, state(MAIN, OTHERS), page, target=plain, masked=False)
