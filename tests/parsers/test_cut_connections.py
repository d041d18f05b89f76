"""A connection that ends after a time, in people's own words."""

import pytest

from diagnose.cli.operands import parse_targets
from diagnose.model import Symptom
from diagnose.parsers.cut_connections import (
    is_reported,
    lasts_as_long,
    reported_seconds,
    says_connection_is_cut,
)
from diagnose.parsers.symptoms import symptom_of

CHAT = "wss://shop.example.com/ws"
PAGE = "https://shop.example.com/"

#: What was typed beside a WebSocket, and the seconds that it tells.
CUT = {
    "after 50/60 seconds the connection goes down": (50.0, 60.0),
    "a connection is closed in exactly 60 seconds": (60.0,),
    "disconnects after a minute": (60.0,),
    "connection lost after about 1 minute": (60.0,),
    "it drops every 5 min": (300.0,),
    "the terminal freezes after 1 minute": (60.0,),
    "reconnects every minute": (60.0,),
    "in the absence of operation, 60s later it will disconnect by itself": (60.0,),
    "closed after a while": (),
    "it is closed when idle": (),
    "60秒后自动断开连接": (60.0,),
    "一分钟后连接就断了": (60.0,),
    "连接会在建立后约 90 秒时被断开": (90.0,),
    "每隔半小时就掉线": (1800.0,),
    "刷新页面重新连接后再过 60 秒又断": (60.0,),
    "60s內沒有資料互動，連線就會自動斷開": (60.0,),
    "空闲几分钟后断开": (),
    "die Verbindung bricht nach einer Minute ab": (60.0,),
    "wird nach 60 Sekunden getrennt": (60.0,),
    "trennt alle 2 Stunden": (7200.0,),
    "se ferme après 60 secondes": (60.0,),
    "est coupée au bout d'une minute": (60.0,),
    "se cierra después de 60 segundos": (60.0,),
    "разрывается через 60 секунд": (60.0,),
    "обрывается через минуту": (60.0,),
    "cai depois de 1 minuto": (60.0,),
    "60秒後に切断される": (60.0,),
}


@pytest.mark.parametrize(("words", "seconds"), CUT.items())
def test_a_websocket_that_ends_after_a_time(words: str, seconds: tuple[float, ...]) -> None:
    (target,) = parse_targets((CHAT, words), (), "en")
    assert target.symptom
    assert (target.symptom.kind, target.symptom.text) == ("websocket-closed", words)
    assert reported_seconds(target.symptom) == seconds


@pytest.mark.parametrize("words", ["disconnects after a minute", "一分钟后连接就断了"])
def test_beside_a_page_it_is_a_connection(words: str) -> None:
    (target,) = parse_targets((PAGE, words), (), "en")
    assert target.symptom
    assert target.symptom.kind == "closed"
    assert reported_seconds(target.symptom) == (60.0,)
    (target,) = parse_targets((PAGE, words), ("/ws",), "en")
    assert target.symptom
    assert target.symptom.kind == "websocket-closed"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("502 after 60 seconds", "status"),
        ("WebSocket opening handshake timed out", "timeout"),
        ("certificate has expired", "certificate-expired"),
        ("it does not open", "unusable"),
    ],
)
def test_other_words_beside_a_websocket_keep_their_kind(words: str, kind: str) -> None:
    (target,) = parse_targets((CHAT, words), (), "en")
    assert target.symptom
    assert target.symptom.kind == kind


@pytest.mark.parametrize(
    "words", ["the websocket drops after 60 s", "socket.io 一分钟后断开", "WS 空闲 60 秒后被断开"]
)
def test_words_that_name_a_websocket_need_no_address(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom
    assert symptom.kind == "websocket-closed"


def test_a_time_is_that_of_a_timeout_within_some_seconds() -> None:
    symptom = Symptom("websocket-closed", "it is cut after about 62 seconds")
    assert [seconds for seconds in (50.0, 60.0, 64.0, 70.0) if is_reported(symptom, seconds)] == [
        60.0,
        64.0,
    ]
    assert not is_reported(Symptom("slow", "it is cut after 60 seconds"), 60.0)
    assert not is_reported(Symptom("websocket-closed", "code 1006"), 60.0)
    later = Symptom("websocket-closed", "WebSocket connection closed, trying again in 30 seconds")
    assert not reported_seconds(later)


@pytest.mark.parametrize(
    "word", ["after ", "closed after ", "60 s ", "断开", "closed ", "nach 60 ", "60秒後"]
)
def test_many_words_are_read_in_a_moment(word: str) -> None:
    says_connection_is_cut(word * 6_000)


@pytest.mark.parametrize(
    ("words", "is_so"),
    [
        ("the request fails after 60 s", True),
        ("报表导出超过60秒就失败", True),
        ("l'export échoue au bout d'une minute", True),
        ("エクスポートが60秒後に失敗する", True),
        ("502 after 60 seconds", True),
        ("the request fails after 30 s", False),
        ("the cache expires after 60 s", False),
        ("curl: (28) Operation timed out after 60001 milliseconds with 0 bytes received", False),
        ("401 after 60 seconds", False),
    ],
)
def test_a_request_that_fails_after_a_time(words: str, is_so: bool) -> None:
    (target,) = parse_targets((PAGE, words), (), "en")
    assert target.symptom
    assert lasts_as_long(target.symptom, 60.0) is is_so


@pytest.mark.parametrize(
    "words",
    [
        "Im Editor geht die Verbindung immer verloren, wenn eine Minute lang keiner etwas tippt",
        "the editor loses its connection whenever nobody types for a minute",
        "la connexion se perd si personne ne tape pendant une minute",
        "соединение теряется, если минуту никто ничего не пишет",
        "一分钟没人操作连接就断开",
    ],
)
def test_idle_connection_is_a_websocket(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom is not None
    assert symptom.kind == "websocket-closed"
    assert reported_seconds(symptom) == (60.0,)


@pytest.mark.parametrize(
    "words",
    [
        "die Datenbank-Verbindung bricht ab, wenn niemand arbeitet",
        "keiner kann sich verbinden, Verbindung wird seit einer Stunde abgelehnt",
    ],
)
def test_other_connections(words: str) -> None:
    symptom = symptom_of(words)
    assert symptom is None or symptom.kind != "websocket-closed"
