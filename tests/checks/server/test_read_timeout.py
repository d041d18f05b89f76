from dataclasses import replace

from diagnose.model import Confidence
from diagnose.model.logs import FailedRequests
from diagnose.model.symptom import Symptom
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT as FRONT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.read-timeout"
TOLD = replace(SHOP, symptom=Symptom("status", "504 Gateway Time-out", number=504))
SHORT = FRONT.replace("    mode http", "    mode http\n    timeout server 30s")
CADDYFILE = """\
shop.example.com {
	reverse_proxy 127.0.0.1:3000 {
		transport http {
			response_header_timeout 30s
		}
	}
}
"""


def test_fires_with_the_setting_and_its_edit() -> None:
    for server, config in ((HAPROXY, haproxy_config(SHORT)), (CADDY, caddy_config(CADDYFILE))):
        (claim,) = judge(CHECK, server, config, ANSWER, target=TOLD)
        assert (claim.facts["patience"], claim.confidence) == ("30", Confidence.LIKELY)
        assert claim.fix
        assert "300s" in getattr(claim.fix.steps[0], "diff", "")


def test_fires_for_php_behind_apache() -> None:
    php = HTTPS.replace("http://127.0.0.1:3000/", "fcgi://127.0.0.1:9000/srv/ timeout=20")
    (claim,) = judge(CHECK, APACHE, apache_config(php), ANSWER, target=TOLD)
    assert claim.facts["setting"] == "timeout=20"


def test_silent_without_a_message_or_a_setting_or_where_a_log_has_it() -> None:
    config = haproxy_config(SHORT)
    assert not judge(CHECK, HAPROXY, config, ANSWER)
    long = haproxy_config(SHORT.replace("30s", "10m"))
    assert not judge(CHECK, HAPROXY, long, ANSWER, target=TOLD)
    assert not judge(CHECK, CADDY, caddy_config(), ANSWER, target=TOLD)
    http = apache_config(f"ProxyTimeout 20\n{HTTPS}")
    assert not judge(CHECK, APACHE, http, ANSWER, target=TOLD)
    logged = FailedRequests(
        server="haproxy", file="/var/log/haproxy.log", method="GET", path="/a", status=504,
        written="",
    )  # fmt: skip
    assert not judge(CHECK, HAPROXY, config, ANSWER, logged, target=TOLD)
    failed = replace(ANSWER, status=504)
    assert not judge(CHECK, HAPROXY, config, failed, target=TOLD)


def test_fires_on_the_very_time_that_a_message_tells() -> None:
    timed = replace(SHOP, symptom=Symptom("timeout", "the export fails after 30 seconds"))
    http = apache_config(
        HTTPS.replace("http://127.0.0.1:3000/", "http://127.0.0.1:3000/ timeout=30")
    )
    for server, config in ((HAPROXY, haproxy_config(SHORT)), (APACHE, http)):
        (claim,) = judge(CHECK, server, config, ANSWER, target=timed)
        assert (claim.facts["timed"], claim.facts["patience"]) == (True, "30")
    other = replace(timed, symptom=Symptom("timeout", "the export fails after 90 seconds"))
    assert not judge(CHECK, HAPROXY, haproxy_config(SHORT), ANSWER, target=other)


def test_silent_if_the_message_tells_of_an_end_long_before() -> None:
    sooner = replace(SHOP, symptom=Symptom("status", "504 after exactly 5 seconds", number=504))
    assert not judge(CHECK, HAPROXY, haproxy_config(SHORT), ANSWER, target=sooner)
