"""The services of tunnels, and the last refusal of their logs."""

import pytest

from diagnose.parsers.tunnel_services import last_refusal, parse_services

LOGIN = "[E] login to the server failed: token in login doesn't match token from configuration"
SUCCESS = "[I] [client/control.go:168] [a1] [web] start proxy success"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (LOGIN, "login"),
        ("ERR Register tunnel error error=\"Unauthorized: Invalid tunnel secret\"", "login"),
        ("root@vps: Permission denied (publickey).", "login"),
        ("[W] [a1] [web] start error: port already used", "taken"),
        ("Warning: remote port forwarding failed for listen port 8443", "taken"),
        ("start error: type [https] not supported when vhost https port is not set", "kind"),
        ("[W] [a1] [web] start error: custom domain [x] should not belong to x", "other"),
        ("login to the server failed: dial tcp 192.0.2.1:7000: connect: refused", "other"),
        ("connect to local service [127.0.0.1:80] error: connection refused", ""),
    ],
)  # fmt: skip
def test_refusals(line: str, kind: str) -> None:
    assert last_refusal([SUCCESS, line])[0] == kind


def test_a_refusal_before_a_success_is_over() -> None:
    assert last_refusal([LOGIN, SUCCESS]) == ("", "")


def test_services() -> None:
    text = (
        "service frpc.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\n"
        "UnitFileState=enabled\ncommand -/usr/bin/frpc -c /etc/frp/frpc.toml\n"
        f" {SUCCESS}\n {LOGIN}\n\n"
        "service shop.service\nActiveState=active\ncommand /usr/bin/node frpc.js\n\nservice x\n"
    )
    (service,) = parse_services(text)
    assert (service.unit, service.program, service.state) == ("frpc.service", "frpc", "failed")
    assert service.words == ("/usr/bin/frpc", "-c", "/etc/frp/frpc.toml")
    assert (service.refusal, service.line) == ("login", LOGIN)
