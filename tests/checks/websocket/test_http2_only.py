from diagnose.model import Failure, Severity, Target
from diagnose.model.http import Exchange
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.tls_evidence import alerted, shake
from tests.support.websocket_evidence import upgrade

CHECK = "websocket.http2-only"
OVER = shake(alpn="h2")


def page(extended_connect: bool) -> Exchange:
    return Exchange(
        url="https://shop.example.com/",
        address="203.0.113.10",
        port=443,
        status=200,
        version="HTTP/2",
        extended_connect=extended_connect,
    )


def test_fires_for_each_path_that_was_asked_for() -> None:
    target = Target("shop.example.com", "https", "shop.example.com", 443, "/", ("/a", "/b"))
    observations = alerted(120, "http/1.1"), OVER, page(False)
    claims = judge(CHECK, *observations, target=target)
    assert [claim.facts["path"] for claim in claims] == ["/a", "/b"]
    assert claims[0].severity is None


def test_notes_that_websockets_go_over_http2() -> None:
    (claim,) = judge(CHECK, alerted(120, "http/1.1"), OVER, page(True), target=CHAT)
    assert claim.severity is Severity.NOTE


def test_fires_where_frames_of_http2_answer_a_handshake() -> None:
    framed = upgrade(None, failure=Failure("protocol", "no HTTP answer came", name="HTTP2"))
    (claim,) = judge(CHECK, shake(), page(False), framed, target=CHAT)
    assert not claim.facts["alert"]
    assert not judge("websocket.not-upgraded", framed, target=CHAT)


def test_silent_where_no_websocket_was_asked_for() -> None:
    assert not judge(CHECK, alerted(120, "http/1.1"), OVER, target=SHOP)


def test_silent_where_there_is_http_1_1() -> None:
    assert not judge(CHECK, shake(alpn="http/1.1"), target=CHAT)
    assert not judge(CHECK, shake(), target=CHAT)
