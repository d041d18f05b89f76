from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.logs import ServerRequestError
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import SHOP, judge
from tests.support.tls_evidence import SILENCE, shake
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.apache-workers-full"
FULL = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="workers",
    message="AH00484: server reached MaxRequestWorkers setting",
)


def test_fires_for_handshakes_without_an_answer() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), FULL, shake(failure=SILENCE))
    assert claim.confidence is Confidence.LIKELY


def test_silent_when_a_handshake_succeeds_or_the_log_says_another_thing() -> None:
    assert not judge(CHECK, APACHE, apache_config(), FULL, shake())
    other = replace(FULL, reason="denied")
    assert not judge(CHECK, APACHE, apache_config(), other, shake(failure=SILENCE))


TOLD = replace(SHOP, symptom=Symptom("server-workers", FULL.message))
MPM = "/etc/apache2/mods-enabled/mpm_event.conf"


def limited(text: str, mpm: str = "mpm_event") -> WebServerConfig:
    config = apache_config()
    file = ServerFile(MPM, text, real=MPM.replace("enabled", "available"))
    return replace(config, files=(*config.files, file), modules=(*config.modules, mpm))


def test_fires_for_the_words_of_somebody_while_visits_succeed() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), FULL, shake(), target=TOLD)
    assert not claim.facts["stalled"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("mpm", "text", "added"),
    [
        ("mpm_event", "MaxRequestWorkers       150\n", ["MaxRequestWorkers 400"]),
        ("mpm_event", "MaxRequestWorkers 400\n", ["ServerLimit 64", "MaxRequestWorkers 1600"]),
        (
            "mpm_prefork",
            "<IfModule mpm_prefork_module>\n  ServerLimit 256\n  MaxClients 256\n</IfModule>\n"
            "<IfModule mpm_event_module>\n  MaxRequestWorkers 400\n</IfModule>\n",
            ["  ServerLimit 512", "  MaxRequestWorkers 512"],
        ),
        ("mpm_event", "", ["ServerLimit 64", "MaxRequestWorkers 1600"]),
    ],
)
def test_fires_and_raises_the_limit_of_the_loaded_module(
    mpm: str, text: str, added: list[str]
) -> None:
    (claim,) = judge(CHECK, APACHE, limited(text, mpm), FULL, shake(failure=SILENCE), masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit, _, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    lines = [line[1:] for line in edit.diff.split("\n")[2:] if line.startswith("+")]
    assert lines == added
    assert restart.argv == ("systemctl", "restart", "apache2")  # type: ignore[union-attr]


def test_fires_for_a_full_scoreboard_with_more_places_alone() -> None:
    full = replace(FULL, message="AH03490: scoreboard is full, not at MaxRequestWorkers.")
    config = limited("MaxRequestWorkers 150\n")
    (claim,) = judge(CHECK, APACHE, config, full, shake(failure=SILENCE), masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+ServerLimit 64\n MaxRequestWorkers 150\n" in edit.diff


def test_fires_without_an_edit_where_two_lines_set_the_limit() -> None:
    config = limited("MaxRequestWorkers 150\nMaxRequestWorkers 200\n")
    (claim,) = judge(CHECK, APACHE, config, FULL, shake(failure=SILENCE), target=TOLD)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
