"""nginx.default-by-family: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Edit
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config

CHECK = "nginx.default-by-family"
SIX, FOUR = "2001:db8:2::10", "203.0.113.10"
WELCOME = "server {\n    listen 443 ssl;\n    listen [::]:443 ssl;\n    server_name welcome;\n}\n"
OWN = (
    "server {\n    listen 443 ssl default_server;\n    listen [::]:443 ssl;\n"
    "    listen [::]:80;\n    server_name _;\n}\n"
)


def page(address: str, title: str, status: int = 200) -> Exchange:
    return Exchange(
        url="https://shop.example.com/", address=address, port=443, status=status,
        body=f"<title>{title}</title>",
    )  # fmt: skip


OVER_4, OVER_6 = page(FOUR, "Shop"), page(SIX, "Welcome")


def test_fires_and_makes_the_block_the_default_of_both() -> None:
    (claim,) = judge(CHECK, OVER_4, OVER_6, RUNNING, config(WELCOME + OWN), masked=False)
    assert (claim.facts["version"], claim.facts["listen"]) == (6, "[::]:443")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    listen [::]:443 ssl default_server;" in edit.diff
    assert "+    listen [::]:80 default_server;" in edit.diff


def test_fires_the_other_way_round_and_on_an_error() -> None:
    other = OWN.replace(" ssl default_server", " ssl").replace(
        "[::]:443 ssl", "[::]:443 ssl default_server"
    )
    found = judge(
        CHECK,
        page(SIX, "Shop"),
        page(FOUR, "", 404),
        RUNNING,
        config(WELCOME + other),
        masked=False,
    )
    assert [claim.facts["version"] for claim in found] == [4]


@pytest.mark.parametrize(
    ("pages", "text"),
    [
        ((OVER_4, replace(OVER_6, body=OVER_4.body)), WELCOME + OWN),
        ((OVER_4,), WELCOME + OWN),
        ((page(FOUR, "", 502), OVER_6), WELCOME + OWN),
        ((OVER_4, OVER_6), WELCOME + OWN.replace("server_name _", "server_name shop.example.com")),
        ((OVER_4, OVER_6), WELCOME + OWN.replace("    listen [::]:443 ssl;\n", "")),
        ((OVER_4, OVER_6), OWN + WELCOME),
    ],
    ids=["same page", "one family", "own page fails", "named", "not there", "first anyway"],
)
def test_silent(pages: tuple[Exchange, ...], text: str) -> None:
    assert not judge(CHECK, *pages, RUNNING, config(text), masked=False)
