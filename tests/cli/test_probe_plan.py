"""`--list-probes` and `--plan`: pages for people, made without a packet."""

import socket
from typing import NoReturn

import pytest

from diagnose.cli import main
from diagnose.cli.probe_table import ROWS
from diagnose.i18n.probes import MESSAGES
from diagnose.outputs.terminal import cell_len


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("something was sent")

    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("COLUMNS", "80")


def page(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main.main([*words, "--config", "none"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list_has_every_probe_and_keeps_to_the_width(
    lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page(capsys, "--list-probes", "--lang", lang)
    assert text.count("      $ ") == len(ROWS)
    for row in ROWS:
        assert f"  {row.name}: " in text
    assert "--vantage globalping" in text
    prose = [line for line in text.splitlines() if "$ " not in line]
    assert max(map(cell_len, prose)) <= 80


def test_every_text_belongs_to_a_row() -> None:
    keys = {message.key for message in MESSAGES if message.key.startswith(("outside.", "inside."))}
    assert keys == {f"{row.side}.{row.name}" for row in ROWS}


def test_a_plan_names_whom_it_would_ask(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(
        capsys,
        "--plan",
        "--resolver",
        "203.0.113.53",
        "--outside",
        "wss://shop.example.com:8443/ws",
    )
    assert "asks 203.0.113.53\n" in text
    assert "asks shop.example.com:8443" in text
    assert "$ openssl s_client -connect shop.example.com:8443" in text
    assert "On the server" not in text


@pytest.mark.parametrize("host", ["203.0.113.10", "[2001:db8::10]", "localhost"])
def test_no_name_server_is_asked_for_an_address(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page(capsys, "--plan", "--outside", f"https://{host}/")
    assert "\n  dns: " not in text
    assert "\n  tcp: " in text


def test_a_plan_says_where_the_server_is(capsys: pytest.CaptureFixture[str]) -> None:
    over_ssh = page(capsys, "--plan", "--server", "ssh://root@203.0.113.10", "shop.example.com")
    assert "On the server (ssh://root@203.0.113.10)" in over_ssh
    here = page(capsys, "--plan", "--inside", "shop.example.com")
    assert "\nOn the server\n" in here
    assert "as a visitor" not in here


def test_a_plan_shows_no_password_of_a_proxy(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, "--plan", "--proxy", "http://me:secret@proxy.example:3128", "example.com")
    assert "proxy.example:3128" in text
    assert "secret" not in text


def test_several_targets_have_a_plan_each(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, "--plan", "--outside", "a.example.com", "http://b.example.com/")
    assert "https://a.example.com/\n" in text
    assert "http://b.example.com/\n" in text


@pytest.mark.parametrize(
    "words",
    [["--plan"], ["--plan", "--json", "example.com"], ["--plan", "-o", "x", "example.com"]],
    ids=["no target", "json", "file"],
)
def test_what_cannot_be_planned_is_a_usage_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main([*words, "--config", "none"]) == 64
    assert capsys.readouterr().err
