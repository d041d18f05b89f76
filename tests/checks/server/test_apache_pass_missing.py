from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-pass-missing"
PASS = "    ProxyPass / http://127.0.0.1:3000/\n"
REVERSE = "    ProxyPassReverse / http://127.0.0.1:3000/\n"
MISSING = replace(ANSWER, status=404, body="")
APPLICATION = Listener(address="127.0.0.1", port=3000, family=4, pid=20, process="node")
HEARD = Listeners(sockets=(APPLICATION,))
ALONE = HTTPS.replace(PASS, REVERSE)


def test_fires_for_a_reverse_line_without_its_companion() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(ALONE), MISSING, HEARD, masked=False)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert f"+{PASS} {REVERSE}" in claim.fix.edits[0].diff


def test_fires_with_care_where_nothing_listens() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(ALONE), MISSING)
    assert claim.confidence is Confidence.LIKELY


@pytest.mark.parametrize("comment", ["#", "# ", "##"])
def test_fires_for_the_line_in_a_comment(comment: str) -> None:
    text = HTTPS.replace(PASS, f"    {comment}{PASS.strip()}\n{REVERSE}")
    (claim,) = judge(CHECK, APACHE, apache_config(text), MISSING, HEARD, masked=False)
    assert claim.facts["commented"]
    assert claim.fix
    assert f"+{PASS.strip()}" in claim.fix.edits[0].diff.replace("+    ", "+")


def test_fires_in_a_location() -> None:
    section = f"    <Location />\n    {REVERSE.replace(' / ', ' ')}    </Location>\n"
    text = HTTPS.replace(PASS, section)
    assert not judge(CHECK, APACHE, apache_config(text), MISSING, HEARD), "it would take /ws too"
    config = apache_config(text.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", ""))
    (claim,) = judge(CHECK, APACHE, config, MISSING, HEARD, masked=False)
    assert claim.fix
    assert "+        ProxyPass http://127.0.0.1:3000/\n" in claim.fix.edits[0].diff


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HTTPS.replace(PASS, PASS + REVERSE), id="both"),
        pytest.param(HTTPS.replace(PASS, f"    ProxyPass / !\n{REVERSE}"), id="excluded"),
        pytest.param(HTTPS.replace(PASS, REVERSE.replace(" / ", " /app ")), id="another path"),
        pytest.param(
            HTTPS.replace(PASS, REVERSE.replace("127.0.0.1:3000", "shop.example.com")),
            id="own name",
        ),
        pytest.param(
            HTTPS.replace(PASS, f"{REVERSE}    ProxyPassReverse / http://127.0.0.1:3001/\n"),
            id="which of two",
        ),
        pytest.param(HTTPS.replace(PASS, f"    #{PASS.strip()}\n"), id="an old comment"),
    ],
)
def test_silent_where_the_line_is_not_the_reason(text: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(text), MISSING)


def test_silent_where_the_page_comes_or_the_module_is_missing() -> None:
    assert not judge(CHECK, APACHE, apache_config(ALONE), ANSWER, HEARD)
    config = apache_config(ALONE, modules=("ssl",))
    assert not judge(CHECK, APACHE, config, MISSING, HEARD)
