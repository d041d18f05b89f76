import json

import pytest

from diagnose.parsers.tls_switches import missing_file, tls_switch, without_tls

CERT = "/opt/mattermost/config/cert.pem"


@pytest.mark.parametrize(
    ("message", "file"),
    [
        (f"Error starting server, err:open {CERT}: no such file or directory", CERT),
        ("Error: ENOENT: no such file or directory, open '/etc/app/tls.key'", "/etc/app/tls.key"),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/etc/app/tls.pem'",
            "/etc/app/tls.pem",
        ),
        (f"open {CERT}: permission denied", ""),
        ("listen tcp :8065: bind: address already in use", ""),
    ],
)
def test_the_file_whose_absence_ends_a_program(message: str, file: str) -> None:
    assert missing_file(message) == file


def mattermost(security: str) -> str:
    settings = {"ConnectionSecurity": security, "TLSCertFile": CERT, "TLSKeyFile": "/k.pem"}
    return json.dumps({"ServiceSettings": settings}, indent=4) + "\n"


def test_the_line_that_switches_tls_off() -> None:
    switch = tls_switch("mattermost")
    assert switch
    line = without_tls(switch, mattermost("TLS"), CERT)
    assert line is not None
    assert line[0] == 3
    assert line[2].strip() == '"ConnectionSecurity": "",'
    assert without_tls(switch, mattermost(""), CERT) is None
    assert without_tls(switch, mattermost("TLS"), "/opt/mattermost/logs/x.log") is None


def test_the_line_of_grafana() -> None:
    switch = tls_switch("grafana")
    assert switch
    text = "[server]\nprotocol = https\ncert_file = /etc/grafana/a.crt\n"
    assert without_tls(switch, text, "/etc/grafana/a.crt") == (
        2, "protocol = https", "protocol = http",
    )  # fmt: skip
    assert without_tls(switch, text.replace("https", "socket"), "/etc/grafana/a.crt") is None
