"""http.login-return-address: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Manual, Observation
from diagnose.model.applications import KnownApplication, SettingLine
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "http.login-return-address"
LOGIN = "https://login.example.net/auth?client_id=1&"


def sent(query: str) -> Exchange:
    return replace(page(302), headers=(("Location", f"{LOGIN}{query}&response_type=code"),))


@pytest.mark.parametrize(
    ("query", "inner"),
    [
        ("redirect_uri=http%3A%2F%2Fshop.example.com%2Foauth2%2Fcallback", False),
        ("redirect_uri=http://shop.example.com/cb", False),
        ("redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback", True),
        ("service=http%3A%2F%2Fshop.example.com%2F", False),
    ],
)
def test_fires_on_a_wrong_address(query: str, inner: bool) -> None:
    (claim,) = judge(CHECK, sent(query), masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["inner"] is inner
    assert claim.facts["provider"] == "login.example.net"


def test_fires_on_a_link_and_on_a_login_that_was_begun() -> None:
    """Odoo's form links to the provider itself; other pages link to a path that leads there."""
    query = "redirect_uri=http%3A%2F%2Fshop.example.com%2Fcb"
    links = Page(
        url="https://shop.example.com/web/login", address="203.0.113.10", port=443,
        logins=("https://shop.example.com/auth/google", f"{LOGIN}{query}"),
    )  # fmt: skip
    (claim,) = judge(CHECK, page(200), links, masked=False)
    assert (claim.facts["link"], claim.facts["provider"]) == (True, "login.example.net")
    begun = replace(sent(query), purpose="login", url="https://shop.example.com/auth/google")
    (claim,) = judge(CHECK, page(200), begun, masked=False)
    assert claim.facts["url"] == "https://shop.example.com/auth/google"


@pytest.mark.parametrize(
    "query",
    [
        "redirect_uri=https%3A%2F%2Fshop.example.com%2Fcb",
        "redirect_uri=http%3A%2F%2Fother.example.net%2Fcb",
        "redirect_uri=urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob",
        "redirect_uri=%2Fcb",
        "state=http%3A%2F%2Fshop.example.com%2F",
    ],
)
def test_silent_on_another_address(query: str) -> None:
    assert not judge(CHECK, sent(query), masked=False)


def test_silent_on_a_page_and_on_a_redirect_of_http() -> None:
    assert not judge(CHECK, page(200))
    plain = replace(sent("redirect_uri=http://shop.example.com/cb"), url="http://shop.example.com/")
    assert not judge(CHECK, plain, masked=False)


PASSED = SITE.replace("proxy_pass", "proxy_set_header X-Forwarded-For $remote_addr; proxy_pass")
ADDRESS = "redirect_uri=http%3A%2F%2Fshop.example.com%2Fcb"


def lines_added(*seen: Observation) -> list[str]:
    (claim,) = judge(CHECK, sent(ADDRESS), *seen, masked=False)
    assert claim.fix
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    assert isinstance(claim.fix.steps[-1], Manual)
    diff = "".join(edit.diff for edit in edits).splitlines()
    return [line[1:].strip() for line in diff if line.startswith("+ ")]


def test_fires_and_passes_on_the_scheme_that_nginx_leaves_out() -> None:
    line = "proxy_set_header X-Forwarded-Proto $scheme;"
    assert lines_added(config(PASSED), RUNNING) == [line]
    told = PASSED.replace("proxy_pass", f"{line} proxy_pass")
    assert lines_added(config(told), RUNNING) == []


@pytest.mark.parametrize("value", ["$http_x_forwarded_proto", "http", "$proxy_x"])
def test_a_line_that_tells_nothing_is_changed(value: str) -> None:
    """Issue 115 of ueberauth/ueberauth: no visitor sends X-Forwarded-Proto."""
    told = PASSED.replace("proxy_pass", f"proxy_set_header X-Forwarded-Proto {value}; proxy_pass")
    line = "proxy_set_header X-Forwarded-Proto $scheme;"
    assert any(line in each for each in lines_added(config(told), RUNNING)) is (value != "$proxy_x")


def test_fires_and_passes_on_what_the_documentation_of_the_application_asks_for() -> None:
    """Issue 9057 of odoo/odoo."""
    odoo = KnownApplication(
        id="odoo", name="Odoo", by="title", folder="/", url="https://shop.example.com/"
    )
    told = PASSED.replace("proxy_pass", "proxy_set_header X-Forwarded-Proto https; proxy_pass")
    added = ["proxy_set_header X-Forwarded-Host $http_host;"]
    assert lines_added(config(told), RUNNING, odoo) == added


SETTING = SettingLine(
    address="//localhost:4567", file="/srv/nodebb/config.json", number=2,
    text='"url": "http://localhost:4567",', unit="nodebb.service",
)  # fmt: skip


def test_the_line_of_the_settings_is_named() -> None:
    sent_back = sent("redirect_uri=http%3A%2F%2Flocalhost%3A4567%2Fcb")
    (claim,) = judge(CHECK, sent_back, SETTING, masked=False)
    assert claim.facts["own_place"] == "/srv/nodebb/config.json:2"
    assert claim.facts["own_new"] == '"url": "https://shop.example.com",'
    assert claim.facts["own_unit"] == "nodebb.service"
    (claim,) = judge(CHECK, sent_back, replace(SETTING, address="//localhost:45"), masked=False)
    assert not claim.facts["own_line"]


def test_lines_of_nginx_that_stand_there_are_left_out() -> None:
    line = "        proxy_set_header Host $host;\n        proxy_set_header"
    site = SITE.replace("        proxy_set_header", line, 1)
    sent_back = sent("redirect_uri=http%3A%2F%2Flocalhost%3A4567%2Fcb")
    (claim,) = judge(CHECK, RUNNING, config(site), sent_back, masked=False)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == [
        "trust-the-proxy"
    ]
