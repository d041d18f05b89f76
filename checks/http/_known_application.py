"""The known application of the site, and its own settings as one writes them."""

from collections.abc import Mapping

from diagnose.model import Evidence
from diagnose.model.applications import Application, KnownApplication, ReadSetting, Topic
from diagnose.model.processes import RunningPrograms
from diagnose.parsers.applications import application_of, application_of_command


def recognized_application(evidence: Evidence) -> tuple[KnownApplication, Application] | None:
    """Return what shows the application of the site by its page, and the application."""
    for known in evidence.good(KnownApplication):
        if application := application_of(known.id):
            return known, application
    return None


def known_application(evidence: Evidence) -> Application | None:
    """Return the application of the site, by its page, or by the command line of its process where
    the page failed; None if it is not known."""
    if recognized := recognized_application(evidence):
        return recognized[1]
    programs = (program for each in evidence.good(RunningPrograms) for program in each.programs)
    applications = (application_of_command(program.command) for program in programs)
    return next(filter(None, applications), None)


def own_setting(evidence: Evidence, *topics: Topic) -> dict[str, object]:
    """Return the facts `known` and `setting`: the name of the application, and its setting for the
    first of these topics that it has one for; "" if nothing is known."""
    application = known_application(evidence)
    settings = application.settings if application else {}
    setting = next((settings[each] for each in topics if _may_be(evidence, each, settings)), "")
    return {"known": application.name if application and setting else "", "setting": setting}


def _may_be(evidence: Evidence, topic: Topic, settings: Mapping[str, str]) -> bool:
    """Return whether the application has a setting of this topic, and none that was read and is
    right."""
    reads = [read for read in evidence.good(ReadSetting) if read.topic == topic]
    if topic not in settings or not reads:
        return topic in settings
    # Imported late: few settings are read.
    from checks.upstream._own_remedy import is_right

    return not all(is_right(evidence, read) for read in reads)
