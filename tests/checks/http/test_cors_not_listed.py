from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.parsers.symptoms import symptom_of
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, SITE, config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.cors-not-listed"
FIELD = (
    "Request header field content-type is not allowed by Access-Control-Allow-Headers in "
    "preflight response."
)
METHOD = "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response."
LISTS = (
    'if ($request_method = OPTIONS) { add_header Access-Control-Allow-Headers "Authorization"; '
    'add_header Access-Control-Allow-Methods "GET, POST" always; return 204; }\n        '
)


def nginx(words: str, lines: str = LISTS) -> list[Claim]:
    text = SITE.replace("proxy_pass", f"{lines}proxy_pass", 1)
    target = replace(SHOP, symptom=symptom_of(words))
    return judge(CHECK, RUNNING, config(text), ANSWER, target=target, masked=False)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (FIELD, 'add_header Access-Control-Allow-Headers "Authorization, content-type";'),
        (METHOD, 'add_header Access-Control-Allow-Methods "GET, POST, PUT" always;'),
    ],
)
def test_fires_for_the_list_of_nginx(words: str, line: str) -> None:
    (claim,) = nginx(words)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert line in edit.diff


@pytest.mark.parametrize(
    "lines",
    [
        "",
        LISTS.replace('"Authorization"', '"Content-Type, Authorization"'),
        LISTS.replace('"Authorization"', '"*"'),
        LISTS.replace('"Authorization"', '"$http_access_control_request_headers"'),
    ],
)
def test_silent_where_nothing_lacks_it(lines: str) -> None:
    assert not nginx(FIELD, lines)


def test_silent_for_another_message_and_after_a_preflight() -> None:
    assert not nginx("blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present")
    text = SITE.replace("proxy_pass", f"{LISTS}proxy_pass", 1)
    target = replace(SHOP, symptom=symptom_of(FIELD))
    asked = replace(ANSWER, method="OPTIONS")
    assert not judge(CHECK, RUNNING, config(text), asked, target=target, masked=False)
    assert not judge(CHECK, RUNNING, config(text), ANSWER, target=SHOP)


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        (
            '    Header always set Access-Control-Allow-Headers "Authorization"',
            '    Header always set Access-Control-Allow-Headers "Authorization, content-type"',
        ),
        (
            "    Header set Access-Control-Allow-Headers Authorization env=cors",
            "    Header set Access-Control-Allow-Headers Authorization,content-type env=cors",
        ),
    ],
)
def test_fires_for_the_list_of_apache(line: str, mended: str) -> None:
    target = replace(SHOP, symptom=symptom_of(FIELD))
    own = apache_config(HTTPS.replace("</VirtualHost>", f"{line}\n</VirtualHost>"))
    (claim,) = judge(CHECK, APACHE, own, ANSWER, target=target, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+{mended}\n" in edit.diff
    done = apache_config(HTTPS.replace("</VirtualHost>", f"{mended}\n</VirtualHost>"))
    assert not judge(CHECK, APACHE, done, ANSWER, target=target, masked=False)


def test_silent_behind_a_caddy_without_a_list() -> None:
    target = replace(SHOP, symptom=symptom_of(FIELD))
    assert not judge(CHECK, CADDY, caddy_config(), ANSWER, target=target, masked=False)
