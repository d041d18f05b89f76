"""http.framing-refused: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit, Manual
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFile, PageFileResponse
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads

CHECK = "http.framing-refused"
PASTED = replace(SHOP, symptom=Symptom("frame", "Refused to display it in a frame"))
DENY = ("X-Frame-Options", "DENY")


def sends(*headers: tuple[str, str]) -> Exchange:
    return replace(page(200), headers=headers)


def test_fires_after_a_pasted_message() -> None:
    (claim,) = judge(CHECK, sends(DENY, ("x-frame-options", "SAMEORIGIN")), target=PASTED)
    assert claim.facts["value"] == "DENY, SAMEORIGIN"
    assert claim.facts["twice"]


def test_fires_on_the_policy_which_comes_first() -> None:
    policy = ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; img-src *")
    (claim,) = judge(CHECK, sends(DENY, policy), target=PASTED, masked=False)
    assert claim.facts["value"] == "frame-ancestors 'none'"


def test_fires_and_names_nginxs_line() -> None:
    added = SITE.replace("proxy_set_header", "add_header X-Frame-Options DENY;\n proxy_set_header")
    (claim,) = judge(CHECK, sends(DENY), RUNNING, config(added), target=PASTED)
    assert claim.facts["added"]
    assert claim.location


def test_says_what_opens_the_page_where_no_site_is_named() -> None:
    own = SITE.replace("proxy_set_header", "add_header X-Frame-Options DENY;\n proxy_set_header")
    for text, line in ((own, "-add_header X-Frame-Options DENY;"), (SITE, "+        proxy_hide_")):
        (claim,) = judge(CHECK, sends(DENY), RUNNING, config(text), target=PASTED, masked=False)
        assert claim.facts["open"]
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL
        (step,) = claim.fix.steps
        assert isinstance(step, Manual)
        assert isinstance(step.commands[0], Edit)
        assert line.replace(" ", "") in step.commands[0].diff.replace(" ", "")


def test_silent_without_the_message_or_the_rule() -> None:
    assert not judge(CHECK, sends(DENY))
    assert not judge(CHECK, sends(("Content-Security-Policy", "default-src *")), target=PASTED)


FRAME = PageFile("frame", "https://shop.example.com/map", is_optional=True)
FRAMES = loads(FRAME)


def framed(*fields: tuple[str, str]) -> PageFileResponse:
    response: PageFileResponse = answered(FRAME, content_type="text/html", headers=fields)
    return response


@pytest.mark.parametrize(
    "fields",
    [
        (DENY,),
        (DENY, ("X-Frame-Options", "SAMEORIGIN")),
        (("X-Frame-Options", "SAMEORIGIN, DENY"),),
        (("Content-Security-Policy", "frame-ancestors 'none'"),),
        (("Content-Security-Policy", "frame-ancestors https://other.example.net"),),
    ],
)
def test_fires_where_the_sites_own_page_shows_it(fields: tuple[tuple[str, str], ...]) -> None:
    """After issue 867 of uccser/cs-field-guide: the site's interactives in its own frames."""
    (claim,) = judge(CHECK, page(200), FRAMES, framed(*fields), masked=False)
    assert claim.facts["own"] == "https://shop.example.com/"
    assert claim.facts["url"] == FRAME.url


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (("X-Frame-Options", "SAMEORIGIN"),),
        (("X-Frame-Options", "ALLOW-FROM https://other.example.net"),),
        (DENY, ("Content-Security-Policy", "frame-ancestors 'self'")),
        (("Content-Security-Policy", "frame-ancestors https://shop.example.com"),),
        (("Content-Security-Policy", "frame-ancestors https:"),),
    ],
)
def test_silent_where_own_pages_may_show_it(fields: tuple[tuple[str, str], ...]) -> None:
    assert not judge(CHECK, page(200), FRAMES, framed(*fields))


NAMED = ("Content-Security-Policy", "frame-ancestors 'self' https://portal.example.org")


@pytest.mark.parametrize(
    ("words", "confidence"),
    [
        ("Our page in an iframe of https://portal.example.org stays empty", None),
        ("Our page in an iframe of https://other.example.net stays empty", Confidence.LIKELY),
        ("Our page in an iframe stays empty", Confidence.POSSIBLE),
        (
            "Refused to frame 'https://shop.example.com/' because an ancestor violates the "
            "following Content Security Policy directive: \"frame-ancestors 'self' https://portal.example.org\"",
            Confidence.CERTAIN,
        ),
        # It quotes the policy of the time before the portal was named.
        (
            "Refused to display 'https://shop.example.com/' in a frame because an ancestor "
            "violates the following Content Security Policy directive: \"frame-ancestors 'self'\"",
            None,
        ),
    ],
)
def test_fires_as_far_as_the_policy_does_not_name_the_site(
    words: str, confidence: Confidence | None
) -> None:
    """A policy that names the page of the message refuses nothing there."""
    target = replace(SHOP, symptom=Symptom("frame", words))
    claims = judge(CHECK, sends(NAMED), target=target, masked=False)
    assert [claim.confidence for claim in claims] == ([confidence] if confidence else [])


NEXTCLOUD = 'The "X-Frame-Options" HTTP header is not set to "SAMEORIGIN".'
SAME = ("X-Frame-Options", "SAMEORIGIN")


@pytest.mark.parametrize(
    "words",
    [
        NEXTCLOUD,
        'Der HTTP-Header "X-Frame-Options" ist nicht so konfiguriert, dass er "SAMEORIGIN"',
        "HTTP 请求头“X-Frame-Options”没有配置为“SAMEORIGIN”",
    ],
)
def test_fires_where_the_wanted_value_comes_twice(words: str) -> None:
    target = replace(SHOP, symptom=Symptom("frame", words))
    (claim,) = judge(CHECK, sends(SAME, SAME), target=target, masked=False)
    assert claim.facts["once"] is True
    assert not judge(CHECK, sends(SAME), target=target), "it is as it should be"


def test_fires_for_a_frame_that_the_same_value_refuses() -> None:
    words = "Refused to display 'https://a/' in a frame because it set 'X-Frame-Options' to"
    target = replace(SHOP, symptom=Symptom("frame", f"{words} 'sameorigin', not set by SAMEORIGIN"))
    (claim,) = judge(CHECK, sends(SAME), target=target, masked=False)
    assert claim.facts["once"] is False


PORTAL = "https://portal.example.org"
TOLD = replace(SHOP, symptom=Symptom("frame", f"Our page in an iframe on {PORTAL} stays empty"))


def test_fires_with_commands_for_the_site_that_a_message_names() -> None:
    """Nothing is opened for others, and a person chooses."""
    (claim,) = judge(CHECK, sends(DENY), RUNNING, config(SITE), target=TOLD, masked=False)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.MANUAL
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    edit = next(each for each in step.commands if isinstance(each, Edit))
    assert (
        f"add_header Content-Security-Policy \"frame-ancestors 'self' {PORTAL}\" always;"
        in edit.diff
    )
    assert claim.facts["origin"] == PORTAL


def test_fires_with_a_longer_list_of_the_policy_of_nginx() -> None:
    value = "default-src 'self'; frame-ancestors 'none'"
    line = f'add_header Content-Security-Policy "{value}" always;\n proxy_set_header'
    added = SITE.replace("proxy_set_header", line)
    policy = ("Content-Security-Policy", value)
    (claim,) = judge(CHECK, sends(policy), RUNNING, config(added), target=TOLD, masked=False)
    assert claim.fix is not None
    (step,) = claim.fix.steps
    assert isinstance(step, Manual)
    edit = next(each for each in step.commands if isinstance(each, Edit))
    assert f"; frame-ancestors 'self' {PORTAL}\" always;" in edit.diff


@pytest.mark.parametrize(
    "words",
    [
        "Refused to display it in a frame",
        f"{PORTAL} and https://b.example.net show it in a frame",
        "Refused to display it in a frame, see https://developer.mozilla.org/docs/X-Frame-Options",
        "https://cdn.example.net/app.js:12 Refused to display it in a frame",
    ],
)
def test_fires_without_an_origin_where_no_one_site_is_named(words: str) -> None:
    target = replace(SHOP, symptom=Symptom("frame", words))
    (claim,) = judge(CHECK, sends(DENY), RUNNING, config(SITE), target=target, masked=False)
    assert claim.facts["open"]
    assert not claim.facts["origin"]


@pytest.mark.parametrize(
    ("words", "is_frame"),
    [
        ("shop.example.com refused to connect.", True),
        ("shop.example.com 拒绝了我们的连接请求。", True),
        ("This site can’t be reached shop.example.com refused to connect. ERR_CONNECTION_REFUSED",
         False),
        ("curl: (7) Failed to connect to shop.example.com port 443: Connection refused", False),
    ],
)  # fmt: skip
def test_chromiums_words_in_a_frame_may_be_about_it(words: str, is_frame: bool) -> None:
    target = replace(SHOP, symptom=Symptom("refused", words))
    claims = judge(CHECK, sends(DENY), target=target)
    assert [claim.confidence for claim in claims] == [Confidence.POSSIBLE] * is_frame
    assert not judge(CHECK, sends(), target=target)


def test_fires_less_surely_for_words_that_only_see_nothing() -> None:
    asked = replace(SHOP, symptom=Symptom("frame", "it stays white in an iframe"))
    (claim,) = judge(CHECK, sends(DENY), target=asked)
    assert claim.confidence is Confidence.LIKELY


SEVERAL = (
    "Refused to display 'https://shop.example.com/' in a frame because it set multiple "
    "'X-Frame-Options' headers with conflicting values ('DENY, SAMEORIGIN'). Falling back to 'deny'"
)
TOLD_SEVERAL = replace(SHOP, symptom=Symptom("frame", SEVERAL))


def test_fires_for_values_that_contradict_each_other_and_keeps_one() -> None:
    text = SITE.replace(
        "proxy_pass http://127.0.0.1:3000;",
        "proxy_pass http://127.0.0.1:3000;\n        add_header X-Frame-Options SAMEORIGIN always;",
    )
    assert text != SITE
    (claim,) = judge(CHECK, sends(DENY, SAME), config(text), RUNNING, target=TOLD_SEVERAL)
    assert claim.facts["kept"] == "SAMEORIGIN"
    assert claim.fix
    edit = next(step for step in claim.fix.steps if isinstance(step, Edit))
    assert "+        proxy_hide_header X-Frame-Options;" in edit.diff


def test_silent_once_one_value_is_sent() -> None:
    assert not judge(CHECK, sends(SAME), target=TOLD_SEVERAL)
    (claim,) = judge(CHECK, sends(DENY), target=TOLD_SEVERAL)
    assert not claim.facts["kept"]
