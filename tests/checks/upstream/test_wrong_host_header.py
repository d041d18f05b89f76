from dataclasses import replace

import pytest

from diagnose.model import Confidence, Edit, Failure
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config, direct, front
from tests.support.upstream_evidence import asked, page

CHECK = "upstream.wrong-host-header"
BARE = SITE.replace("        proxy_set_header Host $host;\n", "")
DJANGO = asked(400, body="Invalid HTTP_HOST header: '127.0.0.1:3000'.")
VISITOR = asked(200, "visitor", "shop.example.com")


def diff(text: str, *observations: object) -> str:
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, *observations)  # type: ignore[arg-type]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_when_only_the_visitors_name_is_welcome() -> None:
    (claim,) = judge(CHECK, config(BARE), BUILD, RUNNING, page(400), DJANGO, VISITOR)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["sent"] == "127.0.0.1:3000"
    assert "+        proxy_set_header Host $host;\n" in diff(BARE, page(400), DJANGO, VISITOR)


LOOP = Exchange(
    url="https://shop.example.com/",
    address="203.0.113.10",
    port=443,
    status=301,
    headers=(("Location", "https://shop.example.com/"),),
)


def test_fires_where_the_application_redirects_to_its_name_for_ever() -> None:
    observations = (config(BARE), BUILD, RUNNING, LOOP, asked(301))
    (claim,) = judge(CHECK, *observations, VISITOR)
    assert claim.confidence is Confidence.CERTAIN
    assert not judge(CHECK, *observations, asked(301, "visitor", "shop.example.com"))


def test_silent_about_a_redirect_that_leads_elsewhere() -> None:
    login = replace(LOOP, headers=(("Location", "https://shop.example.com/login"),))
    assert not judge(CHECK, config(BARE), BUILD, RUNNING, login, asked(301), VISITOR)


def test_fires_when_an_inner_server_closes() -> None:
    closed = replace(DJANGO, status=None, failure=Failure("closed", "connection closed"))
    (claim,) = judge(CHECK, config(BARE), BUILD, RUNNING, page(502), closed, VISITOR)
    assert claim.facts["message"] == "connection closed"


def test_fires_when_a_development_server_says_so_with_200() -> None:
    webpack = asked(200, body="Invalid Host header")
    assert judge(CHECK, config(BARE), BUILD, page(200, "Invalid Host header"), webpack, VISITOR)


def test_fires_the_other_way_round_less_sure() -> None:
    text = SITE.replace("http://127.0.0.1:3000", "https://app.example.net")
    passed = replace(asked(404, sent="shop.example.com"), target="https://app.example.net")
    own = replace(asked(200, "own", "app.example.net"), target="https://app.example.net")
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(404), passed, own)
    assert claim.confidence is Confidence.LIKELY
    made = diff(text, page(404), passed, own)
    assert "-        proxy_set_header Host $host;\n" in made
    assert "+        proxy_set_header Host $proxy_host;\n" in made


def test_fires_where_the_applications_name_is_served_with_its_port_and_without() -> None:
    text = SITE.replace("http://127.0.0.1:3000", "http://app.internal:8080")
    refused, with_port, bare = (
        replace(response, target="http://app.internal:8080")
        for response in (
            asked(404, sent="shop.example.com"),
            asked(200, "own", "app.internal:8080"),
            asked(200, "own", "app.internal"),
        )
    )
    observations = (page(404), refused, bare, with_port)
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, *observations)
    assert claim.facts["wanted"] == "app.internal:8080"
    assert "+        proxy_set_header Host $proxy_host;\n" in diff(text, *observations)
    other = replace(bare, sent="www.example.net")
    assert not judge(CHECK, config(text), BUILD, RUNNING, page(404), refused, with_port, other)


def test_what_is_inherited_is_said_once_more() -> None:
    text = BARE.replace(
        "    location /", "    proxy_set_header X-Real-IP $remote_addr;\n    location /"
    )
    made = diff(text, page(400), DJANGO, VISITOR)
    assert "+        proxy_set_header X-Real-IP $remote_addr;\n" in made


def test_fires_for_a_websocket() -> None:
    named = direct(101, variant="visitor-host")
    (claim,) = judge(
        CHECK, config(BARE), BUILD, RUNNING, front(400), direct(400), named, target=CHAT
    )
    assert claim.about.path == "/ws"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    # The location passes no upgrade on either, and both have to be right.
    assert "+        proxy_set_header Host $host;\n" in edit.diff
    assert "+        proxy_set_header Upgrade $http_upgrade;\n" in edit.diff


@pytest.mark.parametrize(
    "observations",
    [
        (page(404), asked(404), asked(404, "visitor", "shop.example.com")),
        (page(403), asked(200), VISITOR),
        (page(400), DJANGO),
        (page(404), asked(404), asked(302, "own", "app.example.net")),
        (page(404), asked(404), asked(200, "own", "a.example.net"), asked(200, "own", "b.test")),
        (page(400), DJANGO, VISITOR, replace(VISITOR, status=400)),
        (page(400), DJANGO, VISITOR, replace(DJANGO, status=200, body="")),
    ],
    ids=[
        "404 anyhow",
        "nginx's own rule",
        "no other name",
        "redirected away",
        "two names",
        "refused again",
        "served now",
    ],
)
def test_silent_when(observations: tuple[object, ...]) -> None:
    assert not judge(CHECK, config(BARE), BUILD, RUNNING, *observations)  # type: ignore[arg-type]


def test_silent_when_the_websocket_works_or_minds_the_origin_alone() -> None:
    named = direct(101, variant="visitor-host")
    opens = replace(front(101), variant="no-origin")
    assert not judge(CHECK, config(BARE), front(101), direct(400), named, target=CHAT)
    assert not judge(CHECK, config(BARE), front(403), opens, direct(403), named, target=CHAT)


WELCOME = "<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>"
TWO = """
server { listen 127.0.0.1:3000 default_server; root /usr/share/nginx/html; }
server { listen 127.0.0.1:3000; server_name %s; %s }
"""


def test_fires_where_the_block_with_the_visitors_name_is_not_chosen() -> None:
    text = BARE + TWO % ("shop.example.com", "root /srv;")
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, page(200, WELCOME))
    assert claim.facts["named"]
    assert "+        proxy_set_header Host $host;\n" in diff(text, page(200, WELCOME))


def test_silent_about_a_default_page_that_no_other_block_would_replace() -> None:
    for names, lines in (
        ("www.example.org", "root /srv;"),
        ("shop.example.com", "location / { return 301 https://$host$request_uri; }"),
    ):
        text = BARE + TWO % (names, lines)
        assert not judge(CHECK, config(text), BUILD, RUNNING, page(200, WELCOME))
    named = SITE + TWO % ("shop.example.com", "root /srv;")
    assert not judge(CHECK, config(named), BUILD, RUNNING, page(200, WELCOME)), "it is chosen"
