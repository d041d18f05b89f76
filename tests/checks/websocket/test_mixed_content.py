from dataclasses import replace

from diagnose.model.http import Exchange
from tests.support.check_evidence import judge
from tests.support.page_evidence import answered, loads, script


def page(*mentions: str, url: str = "https://shop.example.com/") -> Exchange:
    port = 443 if url.startswith("https") else 80
    return Exchange(url=url, address="203.0.113.10", port=port, status=200, mentions=mentions)


def test_fires_on_an_insecure_socket_of_the_site_itself() -> None:
    (claim,) = judge("websocket.mixed-content", page("ws://shop.example.com/ws"))
    assert claim.facts["socket"] == "ws://shop.example.com/ws"
    assert judge("websocket.mixed-content", page("ws://ws.shop.example.com:8080/"))


def test_silent_where_the_page_chooses_by_its_own_scheme() -> None:
    both = page("ws://shop.example.com/ws", "wss://shop.example.com/ws")
    assert not judge("websocket.mixed-content", both)


def test_silent_about_other_hosts_and_plain_pages() -> None:
    assert not judge("websocket.mixed-content", page("ws://localhost:3000", "ws://example.net/"))
    plain = page("ws://shop.example.com/ws", url="http://shop.example.com/")
    assert not judge("websocket.mixed-content", plain)


WS, WSS = "ws://shop.example.com/ws", "wss://shop.example.com/ws"


def test_fires_on_a_script_of_the_page() -> None:
    named = answered(script(), mentions=(WS,))
    (claim,) = judge("websocket.mixed-content", page(), loads(script()), named)
    assert claim.facts["script"] == "https://shop.example.com/app.js"
    assert claim.facts["socket"] == WS


def test_silent_where_a_script_or_the_page_chooses() -> None:
    both = answered(script(), mentions=(WS, WSS))
    assert not judge("websocket.mixed-content", page(), both)
    other = answered(script("/b.js"), mentions=(WSS,))
    assert not judge("websocket.mixed-content", page(), answered(script(), mentions=(WS,)), other)
    assert not judge("websocket.mixed-content", page(WSS), answered(script(), mentions=(WS,)))


def test_silent_where_browsers_upgrade() -> None:
    upgraded = loads(script(), upgrades=True)
    assert not judge("websocket.mixed-content", page(WS), upgraded)
    assert not judge(
        "websocket.mixed-content", page(), upgraded, answered(script(), mentions=(WS,))
    )


def test_fires_on_an_address_that_the_page_puts_together() -> None:
    (claim,) = judge("websocket.mixed-content", page(), loads(plain_sockets=(WS,)))
    assert claim.facts["socket"] == WS
    assert not judge("websocket.mixed-content", page(), loads(plain_sockets=(WS,), upgrades=True))


def test_fires_on_the_address_of_the_server() -> None:
    """https://github.com/muaz-khan/RTCMultiConnection/issues/350"""
    own = "ws://203.0.113.10:3030/"
    (claim,) = judge("websocket.mixed-content", page(own))
    assert claim.facts["socket"] == own
    assert not judge("websocket.mixed-content", page("ws://198.51.100.7:3030/"))
    assert not judge("websocket.mixed-content", page(own, WSS)), "the page chooses"
    local = replace(page("ws://127.0.0.1:3030/"), address="127.0.0.1")
    assert not judge("websocket.mixed-content", local), "browsers do not block loopback"
