from dataclasses import replace
from unittest.mock import Mock

import pytest

from diagnose.model import Applicability, Edit, Observation, Severity, Target
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Upgrade
from diagnose.parsers.haproxy.view import parsed
from diagnose.parsers.unknown_paths import unknown_path
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-other-backend"
TARGET = replace(SHOP, path="/api/items")
RULES = """\
    acl api path_beg /api/
    acl upgrade hdr(Upgrade) -i websocket
    use_backend api if api
    default_backend app
"""
BACKENDS = "backend api\n    server b 127.0.0.1:3001\n"
HTML = (("Content-Type", "text/html"),)
START = page(200, url="https://shop.example.com/api/items", headers=HTML)
MISSING = replace(START, status=404)
HAS = BackendVisit(
    target="http://127.0.0.1:3001", requested="/api/items", path="/api/items", status=200
)
UNKNOWN = unknown_path("/api/items")
CONTROL = replace(HAS, requested=UNKNOWN, path=UNKNOWN, status=404)
EVERY = replace(CONTROL, target="http://127.0.0.1:3000", status=200)


def text(old: str, new: str) -> str:
    assert old in RULES
    rules = RULES.replace(old, new)
    return TEXT.replace("    default_backend app\n", rules) + BACKENDS


def diff(observations: tuple[Observation, ...], target: Target, written: str) -> tuple[str, ...]:
    (claim,) = judge(CHECK, SERVER, config(written), *observations, target=target, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    lines = (line for line in edit.diff.splitlines() if not line.startswith(("+++", "---")))
    return tuple(f"{line[0]}{line[1:].strip()}" for line in lines if line[:1] in {"+", "-"})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("path_beg /api/", "path /api/", ("-acl api path /api/", "+acl api path_beg /api/")),
        ("_beg /api/", "_end /api/", ("-acl api path_end /api/", "+acl api path_beg /api/")),
        ("_beg /api/", "_beg /apis/", ("-acl api path_beg /apis/", "+acl api path_beg /api/")),
        ("_beg /api/", "_reg ^/api/?$", ("+use_backend api if { path_beg /api/ }",)),
        ("_beg /api/", "_beg /API/", ("-acl api path_beg /API/", "+acl api path_beg /api/")),
        (
            "if api",
            "if api upgrade",
            ("-use_backend api if api upgrade", "+use_backend api if api"),
        ),
        ("if api", "if !api", ("-use_backend api if !api", "+use_backend api if api")),
        ("    use_backend api if api\n", "", ("+use_backend api if { path_beg /api/ }",)),
        (
            "    use_backend api if api\n",
            "    use_backend app if { path_beg / }\n    use_backend api if api\n",
            ("+use_backend api if api", "-use_backend api if api"),
        ),
        (
            "    use_backend api if api\n",
            "    use_backend api if { path /api/ } !upgrade\n",
            (
                "-use_backend api if { path /api/ } !upgrade",
                "+use_backend api if { path_beg /api/ } !upgrade",
            ),
        ),
    ],
)
def test_fires_and_corrects_the_rule(old: str, new: str, expected: tuple[str, ...]) -> None:
    written = text(old, new)
    assert diff((START, HAS, CONTROL, EVERY), TARGET, written) == expected
    assert diff((MISSING, HAS, CONTROL), TARGET, written) == expected


def test_fires_for_the_start_page_that_another_rule_takes() -> None:
    seen = (
        page(404),
        replace(HAS, target="http://127.0.0.1:3000", requested="/", path="/"),
    )
    expected = ("-use_backend api if !api", "+use_backend api if api")
    assert diff(seen, SHOP, text("if api", "if !api")) == expected


@pytest.mark.parametrize(
    ("condition", "path", "expected"),
    [
        (
            "acl api hdr(host) -i shop.example.com\n"
            "    acl api path_beg /api/\n    use_backend api if api",
            "/",
            (
                "-acl api path_beg /api/", "-use_backend api if api",
                "+acl api_path path_beg /api/", "+use_backend api if api api_path",
            ),
        ),
        (
            "use_backend api if { hdr(host) -i shop.example.com } or { path_beg /api }",
            "/",
            (
                "-use_backend api if { hdr(host) -i shop.example.com } or { path_beg /api }",
                "+use_backend api if { hdr(host) -i shop.example.com } { path_beg /api }",
            ),
        ),
        (
            "acl api path_beg /api\n    use_backend api if api",
            "/api-docs",
            ("-acl api path_beg /api", "+acl api path_beg /api/", "+acl api path /api"),
        ),
        (
            "acl\tapi\tpath_beg\t-i \"/api\"\n    use_backend api if api",
            "/api-docs",
            (
                "-acl\tapi\tpath_beg\t-i \"/api\"",
                "+acl api path_beg -i /api/", "+acl api path -i /api",
            ),
        ),
        (
            "use_backend api if { path_beg -i /api }",
            "/api-docs",
            (
                "-use_backend api if { path_beg -i /api }",
                "+use_backend api if { path_reg -i ^/api(/|$) }",
            ),
        ),
        (
            "acl api path_reg /?api\n    use_backend api if api",
            "/shop/api",
            ("-acl api path_reg /?api", "+acl api path_reg ^/?api"),
        ),
        (
            "use_backend api if { path_sub api }",
            "/api-docs",
            ("-use_backend api if { path_sub api }", "+use_backend api if { path_beg /api/ }"),
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "default", ["default_backend app", "use_backend app if { hdr(host) -i shop.example.com }"]
)
def test_fires_for_a_rule_that_takes_more_than_its_paths(
    condition: str, path: str, expected: tuple[str, ...], default: str
) -> None:
    written = TEXT.replace("default_backend app\n", f"{condition}\n    {default}\n") + BACKENDS
    unknown = unknown_path(path)
    has = replace(HAS, target="http://127.0.0.1:3000", requested=path, path=path)
    control = replace(has, requested=unknown, path=unknown, status=404)
    seen = (page(404, url=f"https://shop.example.com{path}"), has, control)
    assert diff(seen, replace(SHOP, path=path), written) == expected


@pytest.mark.parametrize(
    "condition",
    [
        "use_backend api unless { path_beg /shop }",
        "use_backend api if { path_beg /api } or { path_sub docs }",
        "acl api path_beg /api-docs\n    use_backend api if api",
        # Narrower, the other rule would refuse less.
        "acl api path_beg /api\n    http-request deny if api !{ src 10.0.0.0/8 }\n"
        "    use_backend api if api",
    ],
)
def test_a_rule_that_no_small_change_narrows_is_left_to_a_person(condition: str) -> None:
    written = TEXT.replace("default_backend app\n", f"{condition}\n    default_backend app\n")
    path, unknown = "/api-docs", unknown_path("/api-docs")
    has = replace(HAS, target="http://127.0.0.1:3000", requested=path, path=path)
    control = replace(has, requested=unknown, path=unknown, status=404)
    seen = (page(404, url=f"https://shop.example.com{path}"), has, control)
    claims = judge(
        CHECK, SERVER, config(written + BACKENDS), *seen, target=replace(SHOP, path=path)
    )
    assert all(claim.fix and claim.fix.applicability is Applicability.MANUAL for claim in claims)


def test_a_long_list_of_paths_is_narrowed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    others = " ".join(f"/p{number}" for number in range(60))
    rule = f"use_backend api if {{ path_beg {others} /api }}"
    more = "".join(f"backend b{number}\n    server a 127.0.0.1:4000\n" for number in range(300))
    written = TEXT.replace("default_backend app\n", f"{rule}\n    default_backend app\n")
    path, unknown = "/api-docs", unknown_path("/api-docs")
    has = replace(HAS, target="http://127.0.0.1:3000", requested=path, path=path)
    control = replace(has, requested=unknown, path=unknown, status=404)
    seen = (page(404, url=f"https://shop.example.com{path}"), has, control)
    reading = Mock(wraps=parsed)
    monkeypatch.setattr("checks.server._haproxy_narrowed_rules.parsed", reading)
    minus, plus = diff(seen, replace(SHOP, path=path), f"{written}{BACKENDS}{more}")
    assert minus.replace(" /api }", " /api/ }")[1:] == plus[1:]
    assert reading.call_count == 1


def test_fires_for_a_websocket() -> None:
    refused = Upgrade(
        url="wss://shop.example.com/api/items",
        path="/api/items",
        address="203.0.113.10",
        port=443,
        status=404,
    )
    opened = replace(HAS, websocket=True, status=101, accepted=True)
    control = replace(CONTROL, websocket=True)
    (claim,) = judge(
        CHECK,
        SERVER,
        config(text("_beg /api/", "_beg /apis/")),
        refused,
        opened,
        control,
        target=replace(SHOP, websockets=("/api/items",)),
    )
    assert claim.facts["websocket"]


def test_a_websocket_without_a_rule_needs_an_application_that_does_not_open_every_path() -> None:
    refused = Upgrade(
        url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=404
    )
    opened = replace(HAS, requested="/ws", path="/ws", websocket=True, status=101, accepted=True)
    unknown = unknown_path("/ws")
    control = replace(opened, requested=unknown, path=unknown, status=404, accepted=False)
    seen = (SERVER, config(text("    use_backend api if api\n", "")), refused, opened)
    target = replace(SHOP, websockets=("/ws",))
    (claim,) = judge(CHECK, *seen, control, target=target)
    assert claim.facts["absent"]
    assert not judge(CHECK, *seen, target=target)
    assert not judge(CHECK, *seen, replace(control, accepted=True), target=target)


def test_a_page_in_the_place_of_data_is_a_warning_and_by_hand_where_words_need_quotes() -> None:
    written = text("if api", "if { path '/x y' } upgrade")
    (claim,) = judge(CHECK, SERVER, config(written), START, HAS, CONTROL, EVERY, target=TARGET)
    assert claim.severity is Severity.WARNING


@pytest.mark.parametrize(
    "seen",
    [
        (START, HAS, CONTROL),  # the site's own application has this page
        (START, HAS, CONTROL, replace(EVERY, status=404)),
        (MISSING, HAS),  # without the control
        (MISSING, HAS, replace(CONTROL, status=200)),
        (MISSING, replace(HAS, status=302), CONTROL),
        (replace(MISSING, status=403), HAS, CONTROL),
        (replace(MISSING, status=503), HAS, CONTROL),
    ],
)
def test_silent_where_the_answers_do_not_show_it(seen: tuple[Observation, ...]) -> None:
    written = text("_beg /api/", "_beg /apis/")
    assert not judge(CHECK, SERVER, config(written), *seen, target=TARGET)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if api", "if api { src 192.0.2.0/24 }"),  # perhaps it is chosen
        ("if api", "if api { hdr(host) -i other.example.com }"),
        ("path_beg /api/", "path_beg /api"),  # it is chosen
    ],
)
def test_silent_where_the_backend_is_for_others_or_is_chosen(old: str, new: str) -> None:
    seen = (START, HAS, CONTROL, EVERY)
    assert not judge(CHECK, SERVER, config(text(old, new)), *seen, target=TARGET)


def test_silent_without_a_rule_where_each_application_has_a_page() -> None:
    """An application in the browser has a page at every path, the other one a page of its own."""
    written = text("path_beg /api/", "path_beg /blog/")
    html = replace(HAS, media_type="text/html")
    assert not judge(CHECK, SERVER, config(written), START, html, CONTROL, EVERY, target=TARGET)
    data = replace(HAS, media_type="application/json")
    assert judge(CHECK, SERVER, config(written), START, data, CONTROL, EVERY, target=TARGET)


def test_a_page_that_no_rule_is_about_is_a_note_until_somebody_misses_it() -> None:
    written = text("    use_backend api if api\n", "")
    html = replace(HAS, media_type="text/html")
    (claim,) = judge(CHECK, SERVER, config(written), MISSING, html, CONTROL, target=TARGET)
    assert claim.severity is Severity.NOTE
    (claim,) = judge(CHECK, SERVER, config(written), MISSING, HAS, CONTROL, target=TARGET)
    assert claim.severity is None


@pytest.mark.parametrize("condition", ["src 10.0.0.0/8", "req.cook(canary) -m found"])
def test_silent_where_a_backend_is_for_some_visitors(condition: str) -> None:
    written = text("if api", f"if {{ path_beg /staff/ }} {{ {condition} }}")
    assert not judge(CHECK, SERVER, config(written), MISSING, HAS, CONTROL, target=TARGET)
    everybody = text("if api", "if { path_beg /staff/ }")
    assert judge(CHECK, SERVER, config(everybody), MISSING, HAS, CONTROL, target=TARGET)


def test_silent_where_the_other_backend_leads_to_the_same_application() -> None:
    written = text("use_backend api if api\n", "").replace(
        "    server b 127.0.0.1:3001", "    server b 127.0.0.1:3000"
    )
    has = replace(HAS, target="http://127.0.0.1:3000")
    control = replace(CONTROL, target="http://127.0.0.1:3000")
    assert not judge(CHECK, SERVER, config(written), MISSING, has, control, target=TARGET)
    changed = written.replace("backend app\n", "backend app\n    http-request set-path /x\n")
    assert not judge(CHECK, SERVER, config(changed), MISSING, has, control, target=TARGET)


ROOT_VISIT = replace(
    HAS, target="http://127.0.0.1:3001", requested="/", path="/", media_type="text/html"
)
NOT_OURS = page(400, headers=HTML)


def test_the_default_backend_is_another_one() -> None:
    written = TEXT + BACKENDS
    expected = ("-default_backend app", "+default_backend api")
    assert diff((page(404), ROOT_VISIT), SHOP, written) == expected
    (claim,) = judge(CHECK, SERVER, config(written), page(404), ROOT_VISIT, target=SHOP)
    assert claim.severity is None


def test_silent_where_the_default_backend_is_an_interface_for_data() -> None:
    data = page(404, headers=(("Content-Type", "application/json"),))
    assert not judge(CHECK, SERVER, config(TEXT + BACKENDS), data, ROOT_VISIT, target=SHOP)


MAP = "    use_backend %[req.hdr(host),lower,map(/etc/haproxy/hosts.map)]\n"
BY_MAP = TEXT.replace("    default_backend app\n", MAP) + BACKENDS.replace("api", "shop")


def test_the_backends_of_two_rows_are_exchanged() -> None:
    rows = "shop.example.com app\nblog.example.com shop\n"
    seen = (config(BY_MAP, rows), NOT_OURS, ROOT_VISIT)
    (claim,) = judge(CHECK, SERVER, *seen, target=SHOP, masked=False)
    assert claim.facts["line_place"] == "/etc/haproxy/hosts.map:1"
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "-shop.example.com app\n+shop.example.com shop\n" in edit.diff


def test_silent_where_the_backend_of_another_name_has_the_start_page() -> None:
    rows = "shop.example.com app\nblog.example.com blog\n"
    written = BY_MAP.replace("backend shop", "backend blog")
    seen = (config(written, rows), NOT_OURS, ROOT_VISIT)
    assert not judge(CHECK, SERVER, *seen, target=SHOP, masked=False)


def test_no_rule_for_every_path_is_written() -> None:
    quoted = 'use_backend app if { hdr(host) -i "shop.example.com" }'
    written = TEXT.replace("default_backend app", quoted) + BACKENDS
    (claim,) = judge(CHECK, SERVER, config(written), page(404), ROOT_VISIT, target=SHOP)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
