"""What stands beside a report."""

from dataclasses import replace

from diagnose.agent.results import altered
from diagnose.model import Applicability, Command, Effect, Fix, Report
from tests.support.report_builder import mended


def named(name: str) -> Report:
    """A report whose first finding has a step with this name in it."""
    made = mended()
    first = made.findings[0]
    fix = Fix((Command(("id", name), Effect.TEST),), Applicability.REVIEW)
    finding = replace(first, claim=replace(first.claim, fix=fix))
    return replace(made, findings=(finding, *made.findings[1:]))


def test_findings_whose_steps_the_masking_changed_are_named() -> None:
    assert altered(named("www-data"), named("www-data")) == []
    assert altered(named("www-data"), named("name1")) == [mended().findings[0].id]
    unjudged = replace(named("www-data"), findings=())
    assert mended().findings[0].id in altered(unjudged, named("name1"))
