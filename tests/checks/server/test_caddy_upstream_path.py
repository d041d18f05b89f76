from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Edit
from tests.support.caddy_evidence import CADDY, SITE, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER

CHECK = "server.caddy-upstream-path"
TARGET = replace(SHOP, path="/api/items")
BAD_GATEWAY = replace(ANSWER, url="https://shop.example.com/api/items", status=502)


def asked(written: str, dial: str, status: int = 502, version: str = "2.6.2") -> list[Claim]:
    text = SITE.replace("127.0.0.1:3000", written)
    config = caddy_config(text, document("shop.example.com", dial=dial))
    server = replace(CADDY, version=version)
    return judge(CHECK, server, config, replace(BAD_GATEWAY, status=status), target=TARGET)


def diff(claim: Claim) -> str:
    assert claim.fix
    step = claim.fix.steps[0]
    assert isinstance(step, Edit)
    return step.diff


@pytest.mark.parametrize("end", ["", "   # the API"])
def test_fires_and_rewrites_as_nginx_would(end: str) -> None:
    (claim,) = asked(f"127.0.0.1:3000/v1/{end}", "127.0.0.1:3000/v1/:80")
    assert (claim.facts["address"], claim.facts["extra"]) == ("127.0.0.1:3000", "/v1/")
    assert f"+\treverse_proxy 127.0.0.1:3000 {{{end}\n+\t\trewrite /v1{{uri}}\n+\t}}\n" in diff(
        claim
    )


def test_fires_and_adds_to_the_block_that_is_there() -> None:
    text = "localhost:3000/v1 {\n\t\theader_up X-A b\n\t}"
    (claim,) = asked(text, "localhost:3000/v1:80")
    assert "+\treverse_proxy localhost:3000 {\n+\t\trewrite /v1{uri}\n \t\theader_up" in diff(claim)


def test_fires_and_takes_a_lonely_slash_off() -> None:
    (claim,) = asked("127.0.0.1:3000/", "127.0.0.1:3000/:80")
    assert claim.facts["kept"]
    assert "+\treverse_proxy 127.0.0.1:3000\n" in diff(claim)


def test_fires_without_an_edit_where_a_person_has_to_write_it() -> None:
    for written, version in (("{$APP}", "2.6.2"), ("127.0.0.1:3000/v1/", "2.5.1")):
        (claim,) = asked(written, "127.0.0.1:3000/v1/:80", version=version)
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_upstream_is_an_address_or_the_page_comes() -> None:
    assert not asked("127.0.0.1:3000", "127.0.0.1:3000")
    assert not asked("unix//run/app.sock", "unix//run/app.sock")
    assert not asked("{$A}/v1", "{env.A}/v1:80")
    assert not asked("127.0.0.1:3000/v1/", "127.0.0.1:3000/v1/:80", status=504)
    assert not asked("127.0.0.1:3000/v1/", "127.0.0.1:3000/v1/:80", status=200)
