"""http.own-port-told: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Confidence, Symptom
from diagnose.model.applications import KnownApplication
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.report_builder import ANSWER

CHECK = "http.own-port-told"
WORDS = "after the login the browser goes to https://shop.example.com:8080/index.php and no page"
TOLD = replace(SHOP, symptom=Symptom("wrong-address", WORDS))
PHPMYADMIN = KnownApplication(id="phpmyadmin", name="phpMyAdmin", url="https://shop.example.com/")


@pytest.mark.parametrize(
    ("port", "confidence"), [(8080, Confidence.LIKELY), (8088, Confidence.POSSIBLE)]
)
def test_fires_with_the_port_and_the_programs_own_setting(
    port: int, confidence: Confidence
) -> None:
    files = config(SITE.replace("127.0.0.1:3000", f"127.0.0.1:{port}"))
    (claim,) = judge(CHECK, files, BUILD, RUNNING, ANSWER, PHPMYADMIN, target=TOLD)
    assert (claim.facts["port"], claim.confidence) == (8080, confidence)
    assert "PMA_ABSOLUTE_URI" in str(claim.facts["setting"])


def test_silent_where_the_port_answers_or_no_program_is_behind_or_nothing_is_led_there() -> None:
    files = config(SITE.replace("127.0.0.1:3000", "127.0.0.1:8080"))
    socket = Listener(address="0.0.0.0", port=8080, family=4, process="docker-proxy")
    assert not judge(
        CHECK, files, BUILD, RUNNING, ANSWER, Listeners(sockets=(socket,)), target=TOLD
    )
    assert not judge(CHECK, ANSWER, target=TOLD)
    other = replace(SHOP, symptom=Symptom("wrong-address", "leads to another.example.com:8080"))
    assert not judge(CHECK, files, BUILD, RUNNING, ANSWER, target=other)
    refused = replace(SHOP, symptom=Symptom("refused", WORDS))
    assert not judge(CHECK, files, BUILD, RUNNING, ANSWER, target=refused)
    assert not judge(CHECK, files, BUILD, RUNNING, ANSWER)
