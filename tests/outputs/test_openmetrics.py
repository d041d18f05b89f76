import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as of_prometheus

from diagnose.model import Report
from diagnose.model.view import View
from diagnose.outputs import openmetrics, prometheus
from tests.support.hostile_report import hostile
from tests.support.report_builder import healthy, mended, refused

VIEW = View(hostname="laptop")


@pytest.mark.parametrize("report", [healthy(), mended(), refused(), hostile('a"b\\c\nd')])
def test_its_samples_are_those_of_the_other_format(report: Report) -> None:
    text = openmetrics.render(report, VIEW)
    assert text.endswith("\n# EOF\n")
    families = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    others = of_prometheus(prometheus.render(report, VIEW))
    assert [
        (sample.name, sample.labels, sample.value)
        for family in families
        for sample in family.samples
    ] == [
        (sample.name, sample.labels, sample.value) for family in others for sample in family.samples
    ]


def test_several_targets_are_one_document() -> None:
    text = openmetrics.render_all([(healthy(), VIEW), (refused(), VIEW)])
    assert text.count("# EOF") == 1
    assert text.count('probe_success{target="https://shop.example.com/"}') == 2
