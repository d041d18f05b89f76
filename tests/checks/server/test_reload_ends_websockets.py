from dataclasses import replace

from diagnose.model import Confidence, Edit, Manual
from diagnose.model.symptom import Symptom
from tests.support import haproxy_evidence
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge

CHECK = "server.reload-ends-websockets"
TOLD = replace(SHOP, symptom=Symptom("websocket", "every reload ends all websockets"))
SITE = "shop.example.com {\n\treverse_proxy 127.0.0.1:3000\n}\n"
HAPROXY = haproxy_evidence.TEXT.replace("    maxconn 5\n", "    hard-stop-after 5s\n")


def test_fires_for_haproxys_old_processes() -> None:
    config = haproxy_evidence.config(HAPROXY)
    (claim,) = judge(CHECK, haproxy_evidence.SERVER, config, target=TOLD)
    assert (claim.confidence, claim.facts["seconds"]) == (Confidence.LIKELY, 5)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "-    hard-stop-after 5s\n+    hard-stop-after 1h\n" in edit.diff


def test_fires_for_caddy_by_its_version() -> None:
    config = caddy_config(SITE, document("shop.example.com"))
    (claim,) = judge(CHECK, replace(CADDY, version="2.8.4"), config, target=TOLD)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\t\tstream_close_delay 1h\n" in edit.diff
    (claim,) = judge(CHECK, replace(CADDY, version="2.6.2"), config, target=TOLD)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["update"]


def test_silent_with_a_long_time_and_without_words_about_a_reload() -> None:
    for text in (haproxy_evidence.TEXT, HAPROXY.replace("5s", "30m")):
        config = haproxy_evidence.config(text)
        assert not judge(CHECK, haproxy_evidence.SERVER, config, target=TOLD)
    other = replace(SHOP, symptom=Symptom("websocket-closed", "closes after a minute"))
    config = haproxy_evidence.config(HAPROXY)
    assert not judge(CHECK, haproxy_evidence.SERVER, config, target=other)
    kept = SITE.replace("3000\n", "3000 {\n\t\tstream_close_delay 5m\n\t}\n")
    delayed = caddy_config(kept, document("shop.example.com"))
    assert not judge(CHECK, CADDY, delayed, target=TOLD)
