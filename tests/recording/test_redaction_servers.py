import pytest

from diagnose.recording.redaction_servers import without_values


@pytest.mark.parametrize(
    "line",
    [
        '    RequestHeader set X-Api-Access "hunter2"',
        "Header always set X-Internal hunter2",
        "SetEnv DATABASE hunter2",
        "AuthLDAPBindPassword hunter2",
        "\thttp-request set-header X-Api hunter2",
        "  header_up X-Api hunter2",
        "stats auth admin:hunter2",
        "user admin insecure-password hunter2",
    ],
)
def test_a_value_that_may_be_secret_is_hidden(line: str) -> None:
    masked = without_values(f"a\n{line}\nb")
    assert "hunter2" not in masked
    assert masked.count("\n") == 2
    assert masked.splitlines()[1].split()[0] == line.split()[0]


@pytest.mark.parametrize(
    "line",
    [
        'RequestHeader set X-Forwarded-Proto "https"',
        'RequestHeader set X-Forwarded-Proto "%{REQUEST_SCHEME}e"',
        "RequestHeader set Upgrade websocket",
        "ServerName shop.example.com",
        "ProxyPass / http://127.0.0.1:3000/",
        "SSLCertificateFile /etc/ssl/shop.pem",
    ],
)
def test_what_checks_read_stays(line: str) -> None:
    assert without_values(line) == line


def test_a_long_line_takes_no_time_out_of_proportion() -> None:
    assert without_values("header " + "x " * 100_000)
