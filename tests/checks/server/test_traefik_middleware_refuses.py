from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence, Edit, Severity
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from diagnose.model.traefik import Refuser
from diagnose.model.web_servers import ServerFile, SiteRoute, SiteSocket, WebServerConfig, WebSite
from tests.support.check_evidence import SHOP, judge
from tests.support.traefik_evidence import NOT_FOUND, ROUTER, TRAEFIK, state

CHECK = "server.traefik-middleware-refuses"
FILE = "/etc/traefik/dynamic/shop.yml"
TEXT = """\
http:
  middlewares:
    office: {ipAllowList: {sourceRange: [10.9.9.0/24]}}
    slow: {rateLimit: {average: 10}}
    small: {buffering: {maxRequestBodyBytes: 2000}}
"""
LIST = Refuser("office@file", "ipAllowList", "sourceRange", "10.9.9.0/24", 403)
RATE = Refuser("slow@file", "rateLimit", "average", "10", 429)
SIZE = Refuser("small@file", "buffering", "maxRequestBodyBytes", "2000", 413)
FORBIDDEN = replace(NOT_FOUND, status=403, body="Forbidden")
TOO_MANY = replace(NOT_FOUND, status=429, body="Too Many Requests")
APPLICATION = BackendAnswer(
    target="http://127.0.0.1:3000", path="/", host="shop.example.com", proto="https", status=200
)


def config(text: str = TEXT) -> WebServerConfig:
    route = SiteRoute("/", "http://127.0.0.1:3000", "http", "127.0.0.1", 3000)
    site = WebSite(("shop.example.com",), (SiteSocket(443, tls=True),), routes=(route,))
    files = (ServerFile(FILE, text, None),)
    return WebServerConfig(product="traefik", path="", sites=(site,), files=files)


def claims(
    page: Exchange, *refusers: Refuser, told: int | None = None, running: bool = True
) -> list[Claim]:
    symptom = Symptom("status", str(told), number=told) if told else None
    seen = state(replace(ROUTER, refusers=refusers), running=running)
    target = replace(SHOP, symptom=symptom)
    return list(judge(CHECK, TRAEFIK, seen, config(), APPLICATION, page, target=target))


@pytest.mark.parametrize(("page", "refuser"), [(FORBIDDEN, LIST), (TOO_MANY, RATE)])
def test_fires_as_a_note_and_louder_for_who_asks(page: Exchange, refuser: Refuser) -> None:
    (claim,) = claims(page, LIST, RATE, SIZE)
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.CERTAIN)
    assert (claim.facts["middleware"], claim.facts["setting"]) == (refuser.name, refuser.setting)
    (claim,) = claims(page, LIST, RATE, told=page.status)
    assert claim.severity is None


def test_fires_without_certainty_on_files() -> None:
    (claim,) = claims(FORBIDDEN, LIST, running=False)
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_who_asks_about_the_size_and_raises_the_limit() -> None:
    (claim,) = claims(replace(NOT_FOUND, status=200, body=""), SIZE, told=413)
    assert (claim.confidence, claim.facts["place"]) == (Confidence.LIKELY, f"{FILE}:5")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "maxRequestBodyBytes: 67108864" in edit.diff


@pytest.mark.parametrize(
    ("page", "refusers"),
    [
        (replace(FORBIDDEN, body="<h1>Forbidden</h1>"), (LIST,)),
        (FORBIDDEN, (RATE, SIZE)),
        (FORBIDDEN, (LIST, replace(LIST, name="b@file"))),
        (TOO_MANY, (LIST,)),
        (replace(NOT_FOUND, status=200, body=""), (LIST, RATE, SIZE)),
    ],
)
def test_silent_where_the_application_refuses_or_nothing_does(
    page: Exchange, refusers: tuple[Refuser, ...]
) -> None:
    assert not claims(page, *refusers)


def named(page: Exchange, *refusers: Refuser, message: str, text: str = TEXT) -> list[Claim]:
    symptom = Symptom("status", message, number=page.status if page.status != 200 else 403)
    seen = state(replace(ROUTER, refusers=refusers))
    target = replace(SHOP, symptom=symptom)
    given = (TRAEFIK, seen, config(text), APPLICATION, page)
    return list(judge(CHECK, *given, target=target, masked=False))


VISITOR = "403 for 198.51.100.7"


def test_fires_and_adds_the_visitor_whom_a_message_names() -> None:
    for page in (FORBIDDEN, replace(FORBIDDEN, status=200, body="")):
        (claim,) = named(page, LIST, message=VISITOR)
        edit = claim.fix.steps[0] if claim.fix else None
        assert isinstance(edit, Edit)
        assert (
            '+    office: {ipAllowList: {sourceRange: [10.9.9.0/24, "198.51.100.7/32"]}}'
            in edit.diff
        )


def test_fires_and_adds_the_visitor_to_a_list_of_lines() -> None:
    text = "http:\n  sourceRange:\n    - 10.9.9.0/24\n    - 192.0.2.1\n  x: y\n"
    (claim,) = named(FORBIDDEN, LIST, message=VISITOR, text=text)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert '+    - "198.51.100.7/32"' in edit.diff


def test_silent_for_a_visitor_who_is_in_the_list() -> None:
    assert not named(FORBIDDEN, LIST, message="403 for 10.9.9.7")


def test_fires_and_raises_a_low_rate_with_what_may_come_at_once() -> None:
    for text, added in (
        (TEXT, "+    slow: {rateLimit: {average: 100, burst: 200}}"),
        ("a:\n  average: 10\n", "+  burst: 200"),
        ("a:\n  average: 10\n  burst: 5\n", "+  burst: 200"),
    ):
        (claim,) = named(TOO_MANY, RATE, message="429", text=text)
        edit = claim.fix.steps[0] if claim.fix else None
        assert isinstance(edit, Edit)
        assert added in edit.diff


def test_fires_and_leaves_a_wide_rate_to_a_person() -> None:
    wide = replace(RATE, value="100")
    (claim,) = named(TOO_MANY, wide, message="429", text=TEXT.replace("10}", "100}"))
    assert claim.fix is not None
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)
