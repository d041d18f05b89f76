from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.logs import FailedRequests
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.visitors-refused"
LOGIN = FailedRequests(
    file="/var/log/apache2/access.log", method="POST", path="/login", status=403,
    written="21/Jul/2026:12:00:00 +0000", is_from_page=True, server="apache",
)  # fmt: skip
LIMITED = """\
    <Location />
        <LimitExcept GET>
            Require all denied
        </LimitExcept>
    </Location>
"""
LINE = "    ProxyPass / "


def _site(lines: str) -> str:
    assert LINE in HTTPS
    return HTTPS.replace(LINE, lines + LINE, 1)


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (LIMITED, "Require all denied"),
        ("    RewriteEngine On\n    RewriteRule ^/log - [F]\n", "RewriteRule ^/log - [F]"),
        (
            "    RewriteEngine On\n    RewriteCond %{HTTP_REFERER} example [NC]\n"
            "    RewriteRule ^/login$ - [F]\n",
            "RewriteRule ^/login$ - [F]",
        ),
    ],
)
def test_fires_for_a_request_of_the_log(lines: str, rule: str) -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(_site(lines)), LOGIN, masked=False)
    assert (claim.facts["rule"], claim.confidence) == (rule, Confidence.CERTAIN)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


LOCAL = "    <Location /login>\n        Require local\n    </Location>\n"


def test_a_rule_of_addresses_is_a_note() -> None:
    config = apache_config(_site(LOCAL))
    (claim,) = judge(CHECK, APACHE, config, LOGIN, masked=False)
    assert claim.severity is Severity.NOTE


def test_silent_where_no_rule_refuses_it() -> None:
    assert not judge(CHECK, APACHE, apache_config(HTTPS), LOGIN)
    config = apache_config(_site(LIMITED))
    assert not judge(CHECK, APACHE, config, replace(LOGIN, is_from_page=False))
    assert not judge(CHECK, APACHE, config, replace(LOGIN, status=404))
    asked = apache_config(_site(LOCAL.replace("local", "valid-user")))
    assert not judge(CHECK, APACHE, asked, LOGIN)


def test_fires_where_only_handshakes_have_another_route() -> None:
    socket = (
        "    RewriteEngine On\n    RewriteCond %{HTTP:Connection} upgrade [NC]\n"
        "    RewriteRule /(.*) ws://127.0.0.1:3000/$1 [P,L]\n"
    )
    assert judge(CHECK, APACHE, apache_config(_site(LIMITED + socket)), LOGIN, masked=False)


def test_an_encoded_slash_has_exact_lines() -> None:
    slash = replace(LOGIN, method="GET", path="/api/tag/a%2Fb", status=404)
    (claim,) = judge(CHECK, APACHE, apache_config(HTTPS), slash, masked=False)
    assert claim.facts["slash"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "AllowEncodedSlashes NoDecode" in str(claim.fix)
