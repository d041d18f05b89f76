import pytest

from diagnose.i18n import LANGUAGES
from docs.generator import reference
from docs.generator.exporter_metrics import exporter_metrics, named_metrics

#: The names of the functions of the probers, which are no metrics.
FUNCTIONS = {"probe_dns", "probe_http", "probe_icmp", "probe_tcp", "probe_websocket"}


def test_every_name_in_the_source_has_a_help() -> None:
    assert named_metrics() - FUNCTIONS == set(exporter_metrics())
    assert all(text for _, text in exporter_metrics().values())


def test_labels_are_those_with_which_a_metric_is_set() -> None:
    known = exporter_metrics()
    assert known["probe_failure_info"][0] == ("reason",)
    assert known["diagnose_exporter_probes_total"][0] == ("module", "result")
    assert known["probe_success"][0] == ()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_has_every_metric(lang: str) -> None:
    page = reference.metrics(lang)
    assert [name for name in exporter_metrics() if f"| `{name}` |" not in page] == []
