from dataclasses import replace

import pytest

from diagnose.model.http import Exchange
from diagnose.parsers.redirects import (
    end_page,
    end_path,
    follow_redirects,
    is_own_https,
    leads_to_itself,
    loses_port,
    preserves_path,
    redirect_target,
)
from tests.support.check_evidence import SHOP, evidence


def answer(url: str, location: str = "", status: int = 301, address: str = "a") -> Exchange:
    return Exchange(
        url=url,
        address=address,
        port=443,
        purpose="redirect",
        status=status,
        headers=(("location", location),) if location else (),
    )


def test_a_redirect_is_read_against_its_own_page() -> None:
    here = "https://shop.example.com/a/b"
    assert redirect_target(answer(here, "c")) == "https://shop.example.com/a/c"
    assert redirect_target(answer(here, "//www.example.com")) == "https://www.example.com/"
    assert redirect_target(answer(here, "/", status=200)) is None
    assert redirect_target(answer(here, "", status=302)) is None
    assert redirect_target(answer(here, "/", status=304)) is None


def test_a_chain_goes_by_the_answers_of_its_own_address() -> None:
    start = answer("https://x.example/", "/a")
    other = answer("https://x.example/a", "/b", address="b")
    own = answer("https://x.example/a", status=200)
    assert follow_redirects(start, [start, other, own]).steps == (start, own)


def test_a_chain_ends_in_an_answer_a_loop_or_out_of_sight() -> None:
    start, back = answer("https://x.example/", "/a"), answer("https://x.example/a", "/")
    assert follow_redirects(start, [start, back]).end == "loop"
    assert follow_redirects(start, [start]).end == "unseen"
    assert (
        follow_redirects(start, [start, answer("https://x.example/a", status=404)]).end == "answer"
    )
    opened = answer("https://x.example/", status=200)
    assert follow_redirects(start, [start, back, opened]).end == "answer"


@pytest.mark.parametrize(
    ("url", "location", "lost"),
    [
        ("https://x.example:8443/a", "https://x.example/a", True),
        ("https://x.example:8443/a", "https://x.example/b", False),
        ("https://x.example:8443/a", "https://y.example/a", False),
        ("http://x.example:8080/a", "https://x.example/a", False),
        ("https://x.example/a", "https://x.example/a", False),
    ],
)
def test_a_page_that_leads_to_itself_without_its_port(url: str, location: str, lost: bool) -> None:
    assert loses_port(answer(url, location)) is lost


def test_a_form_that_leads_to_its_own_page_is_no_loop() -> None:
    form = replace(answer("https://x.example/login", "/login", status=302), method="POST")
    assert not leads_to_itself(form)
    assert follow_redirects(form, [form]).end == "unseen"
    home = answer("https://x.example/", "/login")
    to_home = replace(form, headers=(("location", "/"),))
    assert follow_redirects(to_home, [to_home, home]).end == "unseen"
    page = answer("https://x.example/login", status=200)
    assert follow_redirects(to_home, [to_home, home, page]).steps == (to_home, home, page)
    plain = answer("http://x.example/login", "https://x.example/login")
    assert follow_redirects(plain, [plain, to_home, home]).end == "unseen"
    again = replace(form, status=307)
    assert leads_to_itself(again)
    assert follow_redirects(again, [again]).end == "loop"


def test_a_path_may_come_along_encoded() -> None:
    assert preserves_path("/a/b", "https://x.example/a/b?q=1")
    assert preserves_path("/a/b", "https://x.example/login?next=%2Fa%2Fb")
    assert not preserves_path("/a/b", "https://x.example/")


def test_a_page_ends_where_its_redirects_lead_on_the_same_site() -> None:
    home = "https://shop.example.com/"
    start = replace(answer(home, "/app", status=302), purpose="target")
    step = answer(f"{home}app", "/app/?x=1", status=301)
    end = answer(f"{home}app/?x=1", status=502)
    redirected = evidence(start, step, end)
    assert end_page(redirected) is end
    assert end_path(redirected) == "/app/?x=1"


def test_a_page_that_leads_elsewhere_or_nowhere_ends_at_itself() -> None:
    home, elsewhere = "https://shop.example.com/", "https://login.example.net/"
    start = replace(answer(home, elsewhere, status=302), purpose="target")
    for seen in (
        [start, answer(elsewhere, status=502)],
        [start],
        [replace(start, headers=(), status=200)],
        [replace(answer(home, "/app", status=302), purpose="target"), answer(f"{home}app", "/app")],
    ):
        assert end_page(evidence(*seen)) is None
        assert end_path(evidence(*seen)) == "/"


def test_the_usual_port_of_https_of_the_same_name() -> None:
    target = replace(SHOP, scheme="http", port=80)
    assert is_own_https(target, "https://shop.example.com/a")
    for url in ("http://shop.example.com/", "https://shop.example.com:8443/", "https://x.example/"):
        assert not is_own_https(target, url)
    assert not is_own_https(target, "https://[")
