import pytest
from prometheus_client.parser import text_string_to_metric_families

from diagnose.i18n import LANGUAGES
from diagnose.model.view import View
from diagnose.outputs.prometheus import render, render_all
from tests.support.hostile_report import hostile
from tests.support.report_builder import LEAF, healthy, mended, refused

VIEW = View(hostname="laptop", privileged=False)
SHOP = {"target": "https://shop.example.com/"}


def samples(text: str, name: str) -> list[tuple[dict[str, str], float]]:
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    return [
        (sample.labels, sample.value)
        for family in families
        for sample in family.samples
        if sample.name == name
    ]


def test_the_numbers_of_a_healthy_site() -> None:
    text = render(healthy(), VIEW)
    assert samples(text, "probe_success") == [(SHOP, 1)]
    assert samples(text, "probe_duration_seconds") == [(SHOP, 0.312)]
    assert samples(text, "probe_http_status_code") == [(SHOP, 200)]
    assert LEAF.not_after
    expiry = LEAF.not_after.timestamp()
    assert samples(text, "probe_ssl_earliest_cert_expiry") == [(SHOP, expiry)]
    phases = {
        labels["phase"]: value for labels, value in samples(text, "probe_http_duration_seconds")
    }
    assert phases == {"resolve": 0.002, "connect": 0.003, "tls": 0.04, "processing": 0.009}
    verdicts = {labels["status"]: value for labels, value in samples(text, "diagnose_verdict")}
    assert verdicts == {"ok": 1, "warning": 0, "critical": 0, "unknown": 0}
    assert not samples(text, "diagnose_root_cause_info")
    assert not samples(text, "probe_failure_info")


def test_a_failure_names_its_cause() -> None:
    text = render(mended(), VIEW)
    cause = {**SHOP, "check": "nginx.door-locked", "layer": "nginx"}
    assert samples(text, "diagnose_root_cause_info") == [(cause, 1)]
    assert samples(text, "probe_failure_info") == [({**SHOP, "reason": "nginx.door-locked"}, 1)]
    assert samples(text, "probe_success") == [(SHOP, 0)]
    assert ({**SHOP, "layer": "nginx", "status": "error"}, 1) in samples(
        text, "diagnose_layer_status"
    )
    counts = {labels["severity"]: value for labels, value in samples(text, "diagnose_findings")}
    assert counts["error"] == 2


def test_the_metrics_are_the_same_in_every_language() -> None:
    for report in (healthy(), mended()):
        texts = {render(report, View(hostname="laptop", lang=lang)) for lang in LANGUAGES}
        assert len(texts) == 1


def test_several_targets_stand_in_one_document() -> None:
    text = render_all([(healthy(), VIEW), (refused(), VIEW)])
    assert [value for _, value in samples(text, "probe_success")] == [1, 0]


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb", 'a"} 1\nprobe_success 1'])
def test_what_a_server_sends_is_no_metric(text: str) -> None:
    assert len(samples(render(hostile(text), View()), "probe_success")) == 1
