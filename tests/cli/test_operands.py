"""The WebSockets that the operands name."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.parsers.target import UsageError

SITE = "https://shop.acme.net/"
POLLED = "socket.io/?EIO=3&transport=websocket"


@pytest.mark.parametrize(
    ("words", "websockets"),
    [
        ([f"{SITE}{POLLED}&sid=a"], (f"/{POLLED}",)),
        ([f"{SITE}{POLLED}", f"wss://mysite.com/{POLLED}&sid=b' failed"], (f"/{POLLED}",)),
        ([SITE, "WebSocket connection to 'wss://mysite.com/ws' failed: "], ("/ws",)),
        ([SITE, "WebSocket connection to 'wss://192.168.1.5/ws' failed: "], ("/ws",)),
        (["https://203.0.113.10/", "WebSocket connection to 'wss://b.net/ws' failed: "], ("/ws",)),
        ([f"{SITE}ws", "the page loads, but the WebSocket connection is refused"], ("/ws",)),
        ([SITE, "WebSocket connection to 'wss://chat.other.net/ws' failed: "], ()),
        ([SITE, "WebSocket connection to 'wss://mysite.com:8443/ws' failed: "], ()),
        ([f"{SITE}chat", "the WebSocket connection is refused"], ()),
        ([f"{SITE}ws"], ()),
    ],
)
def test_the_websocket_of_an_address_or_a_message(
    words: list[str], websockets: tuple[str, ...]
) -> None:
    (target,) = parse_targets(words, (), "en")
    assert target.host in SITE or words[0].startswith("https://203.")
    assert target.websockets == websockets


@pytest.mark.parametrize(
    "words",
    [
        "shop.acme.net does not open since this morning",
        "https://shop.acme.net/ shows error 502 since today",
        "my site shop.acme.net does not open anymore",
    ],
)
def test_a_complaint_without_quotes_is_one_message(words: str) -> None:
    (target,) = parse_targets(words.split(), (), "en")
    assert target.host == "shop.acme.net"
    assert target.symptom is not None


@pytest.mark.parametrize(
    ("word", "kind"),
    [("refused", "refused"), ("Timeout", "timeout"), ("slow", "slow"),
     ("expired", "certificate-expired"), ("forbidden", "status"), ("down", "unusable"),
     ("blank", "blank")],
)  # fmt: skip
def test_a_complaint_of_one_word_beside_a_site_is_no_host(word: str, kind: str) -> None:
    (target,) = parse_targets(["shop.acme.net", word], (), "en")
    assert target.host == "shop.acme.net"
    assert target.symptom
    assert target.symptom.kind == kind


def test_a_name_of_one_word_beside_a_site_is_a_target() -> None:
    targets = parse_targets(["shop.acme.net", "intranet"], (), "en")
    assert [target.host for target in targets] == ["shop.acme.net", "intranet"]


def test_names_of_one_word_are_targets() -> None:
    targets = parse_targets(["web1", "web2", "web3", "web4", "web5"], (), "en")
    assert [target.host for target in targets] == ["web1", "web2", "web3", "web4", "web5"]


@pytest.mark.parametrize("words", ["my site does not open", "502"])
def test_a_complaint_alone_asks_for_the_address(words: str) -> None:
    with pytest.raises(UsageError, match=r"names no site\..*Give its address as well"):
        parse_targets(words.split(), (), "en")
