"""Contractions without an apostrophe, and Traditional Chinese."""

import pytest

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
    ],
)
def test_each_spelling_is_understood_and_shown_as_typed(typed: str, kind: str) -> None:
    symptom = symptom_of(typed)
    assert symptom
    assert (symptom.kind, symptom.text) == (kind, typed)
