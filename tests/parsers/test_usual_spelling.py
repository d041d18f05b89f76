"""Contractions without an apostrophe, slips of the keys, full width, and Traditional Chinese."""

import pytest

from diagnose.parsers.misspelled import mended
from diagnose.parsers.symptoms import symptom_of
from diagnose.parsers.usual_spelling import usual_spelling


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("it doesnt work, I cant log in", "it doesn't work, I can't log in"),
        ("It Isnt there", "It Isn't there"),
        ("the plant wants water", "the plant wants water"),
        ("伺服器連線逾時", "服务器连接超时"),
        ("登入後網頁空白", "登录后网页空白"),
        ("服务器连接超时", "服务器连接超时"),
        ("５０２ Ｂａｄ，打不开", "502 Bad，打不开"),
        ("time\u2011out", "time-out"),
        ("is not being loaded, doesn't even load", "is not loaded, doesn't load"),
        ("it can not be reached", "it cannot be reached"),
        ("it re-directs me, re-load it", "it redirects me, reload it"),
        ("it is not always there", "it is not always there"),
        ("", ""),
    ],
)
def test_the_usual_spelling(typed: str, usual: str) -> None:
    assert usual_spelling(typed) == usual


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("the page doesnt load", "unusable"),
        ("users cant login", "login"),
        ("it doesn´t load", "unusable"),
        ("the page doesn`t open", "unusable"),
        ("網站打不開", "unusable"),
        ("憑證已過期", "certificate-expired"),
        ("重新導向次數過多", "redirects"),
        ("上傳檔案失敗", "upload"),
        ("圖片無法顯示", "page-files"),
        ("页面报５０２", "status"),
        ("一直报bad gateway错误", "status"),
        ("访问就报Forbidden错误", "status"),
        ("the css is not being loaded", "page-files"),
        ("the cerificate expired yesterday", "certificate-expired"),
        ("the site is not accesible", "unusable"),
        ("we get conection refused", "refused"),
    ],
)
def test_each_spelling_is_understood_and_shown_as_typed(typed: str, kind: str) -> None:
    symptom = symptom_of(typed)
    assert symptom
    assert (symptom.kind, symptom.text) == (kind, typed)


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("ngnix, ngixn and nignx", "nginx, nginx and nginx"),
        ("the cerificate is not availible", "the certificate is not available"),
        ("webscoket conection, recieved", "websocket connection, received"),
        ("serves, reused, expires, image, sever", "serves, reused, expires, image, sever"),
        ("certificate certificates connected", "certificate certificates connected"),
        ("/etc/ngnix/conf.d ngnix.example.com", "/etc/ngnix/conf.d ngnix.example.com"),
    ],
)
def test_slips_of_the_keys(typed: str, usual: str) -> None:
    assert mended(typed) == usual


def test_colours_of_a_terminal_join_no_words() -> None:
    symptom = symptom_of("\x1b[31;1m502 Bad Gateway\x1b[0m at the shop")
    assert symptom
    assert (symptom.number, symptom.text) == (502, "502 Bad Gateway at the shop")
