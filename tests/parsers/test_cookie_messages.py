"""Why a browser refuses a cookie by its own sentence, and which kind of message that is."""

import pytest

from diagnose.parsers.cookie_messages import refused_cookie
from diagnose.parsers.symptoms import symptom_of

SITES_OWN = "https://shop.example.com/"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (f"Refused to display '{SITES_OWN}' in a frame because it set 'X-Frame-Options'", "frame"),
        ("iframe里打开提示拒绝了我们的连接请求", "frame"),
        ("shop.example.com refused to connect inside the iframe", "frame"),
        ("our shop embedded in an iframe of the partner stays empty", "frame"),
        ("in an iframe of another site it can never authenticate, WebSocket closes with 1006",
         "websocket-closed"),
        ("系统被别的网站iframe嵌套，登录后cookie保存不了", "cookie"),
        ("the session cookie is not sent when the app runs in an iframe", "cookie"),
        ("Mark cross-site cookies as Secure to allow setting them", "cookie"),
        ("the page in the iframe answers 502 Bad Gateway", "status"),
    ],
)  # fmt: skip
def test_a_frame_is_the_fault_where_it_is_refused(words: str, kind: str) -> None:
    symptom = symptom_of(words)
    assert symptom is not None
    assert symptom.kind == kind


@pytest.mark.parametrize(
    "words",
    [
        "third-party cookies work fine, but images are missing",
        "I set SameSite=None; Secure, and the login is lost",
        "Set-Cookie: sid=1; SameSite=None; Secure",
        "cookie " * 800,
        "",
    ],
)
def test_no_reason(words: str) -> None:
    assert refused_cookie(words) is None


def test_a_name_that_is_none() -> None:
    told = refused_cookie("Cookie “a$(id)” has been rejected for invalid domain.")
    assert told is not None
    assert told.name == ""


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ('Das Cookie "sid" wurde wegen einer ungültigen Domain abgelehnt.', "domain"),
        ("Le cookie « sid » a été rejeté car son domaine est invalide.", "domain"),
        ("Cookie “sid”因域名无效而被拒绝。", "domain"),
        ('Das Cookie "sid" wurde wegen eines ungültigen Präfixes abgelehnt.', "prefix"),
        ('Das Cookie "sid" wurde abgelehnt, da es das Attribut "SameSite=None", aber nicht das '
         'Attribut "secure" aufweist.', "same-site"),
        ('Das Cookie "sid" wurde abgelehnt, weil es sich in einem Cross-Site-Kontext befindet und '
         'sein "SameSite"-Attribut auf "Lax" oder "Strict" gesetzt ist.', "cross-site"),
    ],
)  # fmt: skip
def test_firefox_says_so_in_each_language(words: str, reason: str) -> None:
    told = refused_cookie(words)
    assert told is not None
    assert (told.reason, told.name, told.is_quoted) == (reason, "sid", True)
    symptom = symptom_of(words)
    assert symptom is not None
    assert symptom.kind == "cookie"


def test_a_refusal_without_a_known_word_gives_no_reason() -> None:
    assert refused_cookie('Das Cookie "sid" wurde abgelehnt.') is None
    assert refused_cookie("The domain of the cookie was changed") is None
