"""What people say of a token that does not arrive, and the field in which a program expects it."""

import pytest

from diagnose.parsers.token_fields import (
    authorization_line,
    described_field,
    expected_field,
    is_credential,
    refuses_unknown,
    tells_of_lost_token,
)


@pytest.mark.parametrize(
    "words",
    [
        "返回401,前端带了token但后端读不到",
        "401: the token is sent but the backend does not get it",
        "The API key header never reaches the app, 403",
        "Der Token wird mitgeschickt, kommt aber im Backend nicht an",
        "le token est envoyé mais le backend ne le reçoit pas",
        "mando el token pero el backend no lo recibe: 401",
        "o token é enviado mas o backend não recebe",
        "токен отправляется, но сервер не получает",
        "トークンを送っているのにバックエンドで受け取れない",
    ],
)
def test_a_token_that_does_not_arrive(words: str) -> None:
    assert tells_of_lost_token(words)


@pytest.mark.parametrize(
    "words",
    ["401 Unauthorized", "the token has expired", "Token abgelaufen", "mails do not arrive"],
)
def test_what_says_something_else(words: str) -> None:
    assert not tells_of_lost_token(words)


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("server.port=8080\nsa-token.token-name=access_token\n", "access_token", 2),
        ("sa-token:\n  token-name: access_token # ours\n", "access_token", 2),
        ("jwt.header = x_auth_token\r\n", "x_auth_token", 1),
        ('token = request.headers.get("api_key")\n', "api_key", 1),
        (
            "const t = req.headers['access_token'];\nuse(req.headers.access_token);",
            "access_token",
            1,
        ),
        ('String t = request.getHeader("user_token");', "user_token", 1),
    ],
)
def test_the_name_that_a_file_expects(text: str, name: str, line: int) -> None:
    assert expected_field(text) == (name, line)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sa-token.token-name=satoken\n",
        "token=a_secret_value\n",
        'headers.get("api_key")\nheaders.get("other_key")\n',
        "req.headers.get_all()",
    ],
)
def test_no_name_or_several(text: str) -> None:
    assert expected_field(text) == ("", 0)


def test_many_words_are_read_in_a_moment() -> None:
    for word in ("token-name=", "headers.", "kommt ", "token "):
        expected_field(word * 20_000)
        tells_of_lost_token(word * 20_000)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"key":{"type":"apiKey","name":"api_key","in":"header"}}', "api_key"),
        ('{"k": {"type": "apiKey", "in": "header", "name": "access_token"}}', "access_token"),
        ('{"key":{"type":"apiKey","name":"X-API-Key","in":"header"}}', ""),
        ('{"key":{"type":"apiKey","name":"api_key","in":"query"}}', ""),
        ('{"user":{"name":"api_key","in":"header"}}', ""),
    ],
)
def test_a_description_names_the_field(text: str, name: str) -> None:
    assert described_field(text) == name


def test_a_script_reads_authorization() -> None:
    assert authorization_line("<?php\n$token = $_SERVER['HTTP_AUTHORIZATION'] ?? '';\n") == 2
    assert authorization_line("<?php\n$h = getallheaders();\necho $h['Authorization'];\n") == 2
    assert authorization_line("<?php\necho $_SERVER['HTTP_HOST'];\n") == 0


def test_an_interface_refuses_whom_it_does_not_know() -> None:
    assert refuses_unknown(401, '{"error":"Unauthorized"}')
    assert not refuses_unknown(404, '{"error":"Unauthorized"}')
    assert not refuses_unknown(401, "<form><input type=password></form>")
    assert not refuses_unknown(403, "<center>nginx</center>")
    assert is_credential("access_token")
    assert not is_credential("x_request_id")
