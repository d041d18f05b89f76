from dataclasses import replace

from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-password-file"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=401)
SITE = HTTPS.replace("    SSLEngine", "    AuthUserFile /etc/apache2/.htpasswd\n    SSLEngine")
ERROR = ServerRequestError(
    product="apache", log="/var/log/apache2/error.log", reason="password-file", errno=2,
    message="AH01620: Could not open password file: /etc/apache2/.htpasswd",
    file="/etc/apache2/.htpasswd",
)  # fmt: skip


def test_fires_and_says_what_is_wrong_with_the_file() -> None:
    config = apache_config(SITE)
    (claim,) = judge(CHECK, APACHE, config, ERROR, PAGE, masked=False)
    assert not claim.facts["denied"]
    assert str(claim.facts["place"]).endswith("shop.conf:3")
    (claim,) = judge(CHECK, APACHE, config, replace(ERROR, errno=13), PAGE, masked=False)
    assert claim.facts["denied"]


def test_silent_for_another_error_and_where_no_password_is_asked_for() -> None:
    config = apache_config(SITE)
    assert not judge(CHECK, APACHE, config, replace(ERROR, reason="logged"), PAGE)
    assert not judge(CHECK, APACHE, config, ERROR, replace(PAGE, status=200))
