from dataclasses import replace

import pytest

from diagnose.model import Confidence, Observation, Vantage
from diagnose.model.applications import KnownApplication, ReadSetting
from diagnose.model.server import Interface
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import loads, script, sheet

CHECK = "http.base-address-wrong"
BARE = "http://203.0.113.10"
OWN = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=("203.0.113.10",))
GHOST = KnownApplication(id="ghost", name="Ghost", url="https://shop.example.com/")


def wordpress(base: str) -> Observation:
    return loads(
        sheet(f"{base}/wp-content/themes/a/style.css"), script(f"{base}/wp-includes/js/jquery.js")
    )


@pytest.mark.parametrize("base", [BARE, "http://old.example.org", "http://10.0.0.5:8080"])
def test_fires_for_wordpress_with_an_address_of_before(base: str) -> None:
    (claim,) = judge(CHECK, wordpress(base), OWN)
    assert (claim.facts["written"], claim.confidence) == (base, Confidence.CERTAIN)
    assert claim.facts["bare"] is ("old" not in base)


def test_fires_and_names_the_line_that_keeps_it_from_a_circle() -> None:
    (claim,) = judge(CHECK, wordpress(BARE), OWN, RUNNING, config())
    assert claim.facts["proxied"]


def test_fires_for_a_known_program_with_the_servers_own_address() -> None:
    (claim,) = judge(CHECK, loads(script(f"{BARE}/assets/app.js")), OWN, GHOST)
    assert (claim.facts["application"], claim.confidence) == ("Ghost", Confidence.LIKELY)
    assert "its_documented" in claim.facts


def test_silent_for_somebody_elses_server() -> None:
    assert not judge(CHECK, loads(script("http://cdn.example.net/app.js")), OWN, GHOST)
    assert not judge(CHECK, loads(script("http://198.51.100.9/app.js")), OWN, GHOST)


def test_fires_where_the_setting_was_looked_for_in_vain() -> None:
    unread = ReadSetting(
        application="wordpress", topic="public_url", key="WP_HOME", source="unread"
    )
    assert judge(CHECK, wordpress(BARE), OWN, unread)
    read = replace(unread, source="file", values=(BARE,))
    assert not judge(CHECK, wordpress(BARE), OWN, read)


def test_silent_where_nobody_knows_the_program() -> None:
    assert not judge(CHECK, loads(script(f"{BARE}/assets/app.js")), OWN)


def test_silent_for_the_sites_own_name() -> None:
    assert not judge(CHECK, wordpress("https://shop.example.com"), OWN)
    assert not judge(CHECK, wordpress("http://shop.example.com"), OWN)
