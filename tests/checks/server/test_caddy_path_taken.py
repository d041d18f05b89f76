"""server.caddy-path-taken: lines for all paths come before those for some."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit
from diagnose.parsers.caddy.passes import passes_of
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.upstream_evidence import page

ORDERS = replace(SHOP, path="/api/orders")
API, REST = "reverse_proxy 127.0.0.1:4000", "reverse_proxy 127.0.0.1:3000"


def judged(lines: str, status: int = 404) -> list[Claim]:
    text = f"shop.example.com {{\n{lines}\n}}\n"
    config = caddy_config(text, document("shop.example.com"))
    answer = replace(page(status), url="https://shop.example.com/api/orders")
    return judge("server.caddy-path-taken", CADDY, config, answer, target=ORDERS)


HANDLE = f"\thandle {{\n\t\t{REST}\n\t}}\n"
ROUTE = f"{HANDLE}\troute /api/* {{\n\t\t{API}\n\t}}"
LINES = f"\troute {{\n\t\t{REST}\n\t\treverse_proxy /api/* 127.0.0.1:4000\n\t}}"
NAMED = f"\t@api path /api/*\n{HANDLE}\troute @api {{\n\t\trewrite * /x\n\t\t{API}\n\t}}"


@pytest.mark.parametrize(
    ("lines", "added"),
    [(ROUTE, "handle /api/* {"), (LINES, "reverse_proxy /api/* "), (NAMED, "route {")],
)
def test_fires_with_the_edit(lines: str, added: str) -> None:
    (claim,) = judged(lines)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["unused_target"] == "127.0.0.1:4000"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert any(added in row for row in edit.diff.split("\n") if row.startswith("+"))


def test_fires_without_an_edit_where_a_guard_stands_between() -> None:
    proxy = "reverse_proxy /api/* 127.0.0.1:4000"
    (claim,) = judged(f"\troute {{\n\t\t{REST}\n\t\tbasicauth {{\n\t\t}}\n\t\t{proxy}\n\t}}")
    assert claim.fix
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


@pytest.mark.parametrize(
    "lines",
    [
        f"{HANDLE}\troute /shop/* {{\n\t\t{API}\n\t}}",
        f"{HANDLE}\troute @mobile {{\n\t\t{API}\n\t}}",
        f"{HANDLE}\thandle_errors {{\n\t\treverse_proxy /api/* :4000\n\t}}",
        f"{HANDLE}\troute /api/* {{\n\t\t{REST}\n\t}}",
    ],
)
def test_silent_where_the_other_lines_are_for_other_requests(lines: str) -> None:
    assert not judged(lines)


def test_silent_where_the_page_comes() -> None:
    assert not judged(ROUTE, 200)


def test_a_block_that_does_not_end_has_no_pass() -> None:
    assert not passes_of(["a {", "handle {", "reverse_proxy :1"], 1)
    assert passes_of(["a {", "reverse_proxy /x* :1", "}"], 1)[0].width == 2
