import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestSuite

from diagnose.model.view import View
from diagnose.outputs.junit import render, render_all
from tests.support.hostile_report import hostile
from tests.support.report_builder import NAME, healthy, mended, refused, report

VIEW = View(hostname="laptop", privileged=False)


def suites(text: str) -> list[TestSuite]:
    return list(JUnitXml.fromstring(text.encode()))


def results(suite: TestSuite) -> dict[str, list[type]]:
    return {case.name: [type(result) for result in case.result] for case in suite}


def test_a_healthy_site_passes() -> None:
    (suite,) = suites(render(healthy(), VIEW))
    assert (suite.name, suite.failures, suite.errors) == ("https://shop.example.com/", 0, 0)
    assert results(suite)["verdict"] == []
    assert results(suite)["tls"] == []
    assert "nginx" not in results(suite)


def test_the_layer_of_a_cause_fails() -> None:
    (suite,) = suites(render(mended(), VIEW))
    assert results(suite)["verdict"] == [Failure]
    assert results(suite)["nginx"] == [Failure]
    (case,) = (case for case in suite if case.name == "nginx")
    assert case.result[0].type == "nginx.door-locked"
    assert suite.failures >= 2


def test_what_could_not_be_judged_has_an_error() -> None:
    (suite,) = suites(render(report(NAME), VIEW))
    assert results(suite)["verdict"] == [Error]
    assert results(suite)["tls"] == [Skipped]


def test_each_target_is_a_suite() -> None:
    failures = [
        suite.failures for suite in suites(render_all([(healthy(), VIEW), (refused(), VIEW)]))
    ]
    assert failures[0] == 0
    assert failures[1] > 0


@pytest.mark.parametrize("text", ["a\x00b", "a\x1b[2Jb", "]]>", "<case/>", "\ud800"])
def test_what_a_server_sends_is_valid_xml(text: str) -> None:
    (suite,) = suites(render(hostile(text), View()))
    assert len(list(suite)) > 5
