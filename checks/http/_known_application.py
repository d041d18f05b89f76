"""The known application of the site, and its own settings as one writes them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from diagnose.model import Evidence
from diagnose.model.applications import Application, KnownApplication, ReadSetting, Topic
from diagnose.model.http import Exchange
from diagnose.model.processes import RunningPrograms
from diagnose.parsers.applications import (
    application_of,
    application_of_command,
    recognize,
    reported_application,
)
from diagnose.parsers.html_tags import excerpt

if TYPE_CHECKING:
    from diagnose.parsers.frameworks import Framework

#: The answers of the site itself, and what of one that is no page names a program.
_ANSWERS, _BY_FIELDS = frozenset({"target", "cross-origin"}), frozenset({"header", "cookie"})


def recognized_application(evidence: Evidence) -> tuple[KnownApplication, Application] | None:
    """Return what shows the application of the site by its page, and the application."""
    for known in evidence.good(KnownApplication):
        if application := application_of(known.id):
            return known, application
    return None


def known_application(evidence: Evidence) -> Application | None:
    """Return the application of the site, by its page, by the command line of its process where the
    page failed, or by the fields or the words of an answer that is no page; None if it is not
    known."""
    if recognized := recognized_application(evidence):
        return recognized[1]
    programs = (
        program
        for running_program in evidence.good(RunningPrograms)
        for program in running_program.programs
    )
    applications = (application_of_command(program.command) for program in programs)
    if application := next(filter(None, applications), None):
        return application
    answers = [exchange for exchange in evidence.good(Exchange) if exchange.purpose in _ANSWERS]
    found = (recognize(answer.body, answer.headers) for answer in answers)
    application = next((known[0] for known in found if known and known[1] in _BY_FIELDS), None)
    return application or _told_by_refusals(answers)


def _told_by_refusals(answers: Iterable[Exchange]) -> Application | None:
    """Return the application whose own words an answer has that is no page."""
    refusals = (answer.body for answer in answers if (answer.status or 0) >= 400)
    reported = (reported_application(excerpt(body), is_answer=True) for body in refusals)
    return next(filter(None, reported), None)


def known_frameworks(evidence: Evidence) -> "tuple[Framework, ...]":
    """Return the frameworks of the site's program: by the words and the fields of its answers, by
    its process, or by its files that were read. () where an application is known: its framework is
    no setting of its own."""
    # Imported late: a healthy site needs none of them.
    from diagnose.parsers.frameworks import framework_of
    from diagnose.parsers.known_frameworks import frameworks_of_answer, frameworks_of_command

    application = known_application(evidence)
    if application is not None and framework_of(application.id) is None:
        return ()
    answers = [exchange for exchange in evidence.good(Exchange) if exchange.purpose in _ANSWERS]
    frameworks = [
        framework
        for answer in answers
        for framework in frameworks_of_answer(answer.body, answer.headers)
    ]
    named = (framework_of(read.application) for read in evidence.good(ReadSetting))
    frameworks += filter(None, (framework_of(application.id) if application else None, *named))
    programs = (
        program
        for running_program in evidence.good(RunningPrograms)
        for program in running_program.programs
    )
    frameworks += (
        framework for program in programs for framework in frameworks_of_command(program.command)
    )
    return tuple({framework.id: framework for framework in frameworks}.values())


def own_setting(
    evidence: Evidence, *topics: Topic, of_frameworks: bool = True
) -> dict[str, object]:
    """Return the facts `known` and `setting`: the name of the application or of its framework, and
    its setting for the first of these topics that it has one for; "" if nothing is known. The
    trust of a framework is about https: where the visitor's address is meant, it does not count."""
    application = known_application(evidence)
    settings = application.settings if application else {}
    setting = next((settings[topic] for topic in topics if _may_be(evidence, topic, settings)), "")
    if application and setting:
        return {"known": application.name, "setting": setting}
    name, setting = framework_setting_of(evidence, *topics) if of_frameworks else ("", "")
    return {"known": name, "setting": setting}


def framework_facts(evidence: Evidence, setting: str) -> dict[str, object]:
    """Return the facts `known` and `setting` for what is set in a framework alone, such as the
    limit of a request."""
    name, words = framework_setting_of(evidence, setting)
    return {"known": name, "setting": words}


def framework_setting_of(evidence: Evidence, *topics: str) -> tuple[str, str]:
    """Return the name of the site's framework and its setting for the first of these topics that
    it has one for; "" twice if nothing is known."""
    for framework in known_frameworks(evidence):
        for topic in topics:
            if topic in framework.settings:
                return framework.name, framework.settings[topic]
    return "", ""


def _may_be(evidence: Evidence, topic: Topic, settings: Mapping[str, str]) -> bool:
    """Return whether the application has a setting of this topic, and none that was read and is
    right."""
    reads = [read for read in evidence.good(ReadSetting) if read.topic == topic]
    if topic not in settings or not reads:
        return topic in settings
    # Imported late: few settings are read.
    from checks.upstream._read_settings import is_right

    return not all(is_right(evidence, read) for read in reads)
