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
        'request_header X-Api "hunter2"',
        "AuthBasicFake admin hunter2",
        "SessionCryptoPassphrase hunter2",
        "Define DBPASS hunter2",
        "tcp-check send AUTH\\ hunter2\\r\\n",
        'http-check send meth GET uri / hdr X-Api "hunter2 x"',
        "option httpchk GET / HTTP/1.1\\r\\nX-Api:\\ my\\ hunter2",
        "request_header /admin* X-Api hunter2",
        "header_up X-Api -hunter2",
        "admin $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmphunter2",
        "admin JDJhJDE0JFpreDE5WExpVzZWWW91TEhSNhunter2",
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
        "http-check send meth GET uri /up ver HTTP/1.1 hdr Host shop.example.com",
        "option httpchk GET /up HTTP/1.1\\r\\nHost:\\ shop.example.com",
        "rewrite ^/a/(.*)$ /b/$1",
        "ProxyPass / http://127.0.0.1:3000/",
        "request_header /admin* -Authorization",
        "SSLCertificateFile /etc/ssl/shop.pem",
    ],
)
def test_what_checks_read_stays(line: str) -> None:
    assert without_values(line) == line


def test_a_long_line_takes_no_time_out_of_proportion() -> None:
    assert without_values("header " + "x " * 100_000)
    for piece in ("hdr a ", "\\r\\na:", "$2a$", "JDJh"):
        assert without_values(piece * 50_000)


def test_what_a_policy_says_stays() -> None:
    lines = (
        "Header always set Content-Security-Policy \"default-src 'self'\" env=HTTPS",
        "    http-response set-header X-Frame-Options DENY",
        "\theader Referrer-Policy no-referrer",
    )
    for line in lines:
        assert without_values(line) == line
    secret = "Header set Content-Security-Policy \"script-src 'nonce-SECRET'\""
    assert "SECRET" not in without_values(secret)
    assert "SECRET" not in without_values('Header set X-Token "SECRET"')
