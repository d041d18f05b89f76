"""The remedy for a cause for which the program of the site has a setting of its own: that setting,
where it lies, with the value that is right here.

`with_own_remedy` is what a check asks whose own words could only list programs. What was read on
the server (`ReadSetting`) gives an edit and a restart; where the program is only known by its page
or its process, its documentation gives the name of the setting and the usual file. A setting that
was read and fits is not named: it is not the cause.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from checks.upstream._base_paths import wants_whole_path, whole_path_fix
from checks.upstream._read_settings import is_right, setting_of
from checks.upstream._setting_fixes import restart_fix, setting_fix
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Where
from diagnose.model.applications import Application, OwnSetting, ReadSetting, Topic
from diagnose.model.frozen import frozen
from diagnose.parsers.applications import application_of
from diagnose.parsers.setting_fit import fits, right_value

#: Most settings of one topic that are changed together, and most usual files that are named.
_MAX_READ, _MAX_FILES = 3, 2
TOPICS: tuple[Topic, ...] = (
    "public_url", "trusted_proxy", "allowed_host", "allowed_origin", "base_path",
    "plain_path",
)  # fmt: skip
_TEXTS = (
    "name", "key", "place", "file", "misspelt", "process", "wanted", "unit", "container", "engine",
    "compose", "service", "documented", "host",
)  # fmt: skip
_FLAGS = ("computed", "variable", "argument", "restarts", "may_restart")


@frozen
class OwnRemedy:
    """The steps, and the facts that their words need (`checks/_steps.md`)."""

    fix: Fix
    facts: Mapping[str, object]


def with_own_remedy(
    evidence: Evidence,
    claim: Claim,
    *topics: Topic,
    only_read: bool = False,
    of_frameworks: bool = True,
) -> Claim:
    """Return the claim with the setting of the known program in the place of a list of programs:
    the first of these topics for which it has one that may be wrong. A remedy that is exact
    already, or a program that is not known, leaves the claim as it is. With `only_read` the check
    has better words of its own for a program of which nothing was read. Without `of_frameworks`
    only an application counts (`own_setting`)."""
    if claim.fix is not None and not _is_general(claim.fix):
        return claim
    remedy = own_remedy(evidence, *topics, of_frameworks=of_frameworks)
    if remedy is None or (only_read and remedy.facts["its_documented"]):
        return claim
    return replace(claim, fix=remedy.fix, facts={**claim.facts, **remedy.facts})


def _is_general(fix: Fix) -> bool:
    """Return whether only a person can do it, at an application that is not named."""
    return all(
        isinstance(step, Manual) and step.where is Where.APPLICATION and not step.commands
        for step in fix.steps
    )


def own_remedy(evidence: Evidence, *topics: Topic, of_frameworks: bool = True) -> OwnRemedy | None:
    """Return the remedy by the program's own setting, or by that of its framework; None if neither
    is known, or if what it has for these topics was read and fits."""
    from checks.http._known_application import known_application

    reads = evidence.good(ReadSetting)
    read_of = next((application_of(read.application) for read in reads), None)
    application = read_of or known_application(evidence)
    own = _of_application(evidence, application, topics) if application else None
    if own is not None and own.facts["its_documented"] and of_frameworks:
        # What the documentation alone names is worth less than a line that was read.
        return _of_source(evidence, topics) or own
    return own or (_of_framework(evidence, topics) if of_frameworks else None)


def _of_application(
    evidence: Evidence, application: Application, topics: tuple[Topic, ...]
) -> OwnRemedy | None:
    reads = evidence.good(ReadSetting)
    for topic in topics:
        wrong = [
            read
            for read in reads
            if read.topic == topic and _may_be_wrong(evidence, application, read)
        ]
        if wrong:
            return remedy_of(evidence, application, tuple(wrong[:_MAX_READ]))
    read_topics = {read.topic for read in reads}
    told_topics = (
        topic for topic in topics if topic not in read_topics and topic in application.settings
    )
    first = next(told_topics, None)
    return _documented(evidence, application, first) if first else None


def _of_source(evidence: Evidence, topics: tuple[Topic, ...]) -> OwnRemedy | None:
    """Return the line of a framework that the program's source lacks, if that was read."""
    remedy = source_remedy(evidence, *topics)
    return remedy[1] if remedy else None


def source_remedy(evidence: Evidence, *topics: Topic) -> tuple[ReadSetting, OwnRemedy] | None:
    """Return the line of a program's source that a framework wants to be another one, with its
    edit; None if no such line was read."""
    from diagnose.parsers.frameworks import framework_of

    for topic in topics:
        for read in evidence.good(ReadSetting):
            framework = framework_of(read.application)
            if framework and read.topic == topic and (read.new or read.stale):
                return read, framework_remedy(framework.name, read)
    return None


def _of_framework(evidence: Evidence, topics: tuple[Topic, ...]) -> OwnRemedy | None:
    """Return the line that the program's source lacks, else the setting of its framework."""
    from checks.http._known_application import framework_setting_of

    if remedy := _of_source(evidence, topics):
        return remedy
    reads = evidence.good(ReadSetting)
    read_topics = {read.topic for read in reads if read.source not in {"nowhere", "unread"}}
    untold = (topic for topic in topics if topic not in read_topics)
    name, documented = framework_setting_of(evidence, *untold)
    if not name:
        return None
    # Its process was found, and none of its files.
    run = next((read for read in reads if read.source == "unread"), None)
    texts = {
        "name": name, "documented": documented, "process": name, "host": evidence.target.host,
        "unit": run.unit if run else "", "container": run.container if run else "",
        "engine": run.engine if run else "",
    }  # fmt: skip
    step = Manual("documented-setting", Where.APPLICATION)
    is_run = bool(texts["unit"] or texts["container"])
    facts = _facts(texts, {"may_restart": not is_run}, "", ())
    return OwnRemedy(Fix((step,), Applicability.MANUAL), facts)


def plain_topics(evidence: Evidence) -> tuple[Topic, ...]:
    """Return the topics of an address with http that the program writes although it is told that
    visitors use https: its own address if it makes its addresses of that, then the trust in its
    proxy."""
    return (*own_address_topics(evidence), "trusted_proxy", "public_url")


def own_address_topics(evidence: Evidence) -> tuple[Topic, ...]:
    """Return the topic of the program's own address if it makes its addresses of that, whatever the
    web server tells it."""
    from checks.http._known_application import known_application

    reads = evidence.good(ReadSetting)
    read_of = next((application_of(read.application) for read in reads), None)
    application = read_of or known_application(evidence)
    settings = application.own_settings if application else ()
    is_made = any(setting.topic == "public_url" and setting.redirects for setting in settings)
    return ("public_url",) if is_made else ()


def needs_restart_only(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> bool:
    """Return whether the file has the right value, and the application began before it had."""
    return read.stale and bool(fits(setting, read.values, evidence.target, read.proxy, read.folder))


def _may_be_wrong(evidence: Evidence, application: Application, read: ReadSetting) -> bool:
    is_known = setting_of(application, read) is not None and bool(read.wanted or read.misspelt)
    return is_known and not is_right(evidence, read)


def remedy_of(
    evidence: Evidence, application: Application, reads: tuple[ReadSetting, ...]
) -> OwnRemedy:
    """Return the remedy for settings of one topic that were read: an edit and what loads it; words
    for a person where the place is no file of this server, or the program's service is not
    known."""
    read = reads[0]
    setting = setting_of(application, read)
    facts = read_facts(evidence, application, read)
    if setting is not None and needs_restart_only(evidence, setting, read):
        return OwnRemedy(restart_fix(read), facts)
    step = "documented-setting" if facts["its_documented"] else "change-the-setting"
    fix = setting_fix(reads, step)
    if setting is not None and wants_whole_path(setting, read):
        # The setting alone would leave the program without its page.
        by_hand = Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL)
        fix = whole_path_fix(evidence, fix) or by_hand
    return OwnRemedy(fix, facts)


def framework_remedy(name: str, read: ReadSetting) -> OwnRemedy:
    """Return the remedy for a line that the program's own source lacks, by its web framework."""
    texts = {
        "name": name, "key": read.key, "place": read.place, "file": read.file,
        "process": read.process or name, "wanted": read.wanted.removeprefix(f"{read.key} = "),
        "unit": read.unit, "container": read.container, "engine": read.engine,
        "compose": read.compose, "service": read.service,
    }  # fmt: skip
    flags = {"computed": False, "restarts": read.needs_restart}
    fix = restart_fix(read) if read.stale else setting_fix((read,))
    return OwnRemedy(fix, _facts(texts, flags, "", ()))


def read_facts(
    evidence: Evidence, application: Application, read: ReadSetting
) -> dict[str, object]:
    """Return what the words of the steps need about a setting that was read."""
    setting = setting_of(application, read)
    is_unset = read.source in {"nowhere", "unread"} and not read.file
    is_variable = read.source == "variable" or (
        is_unset and setting is not None and read.key == setting.variable
    )
    is_documented = is_unset and not is_variable
    texts = {
        "name": application.name, "key": read.key, "place": read.place, "file": read.file,
        "misspelt": read.misspelt, "process": read.process or application.name,
        "wanted": read.wanted, "unit": read.unit, "container": read.container,
        "engine": read.engine, "compose": read.compose, "service": read.service,
        "documented": application.settings.get(read.topic, read.key) if is_documented else "",
        "host": evidence.target.host,
    }  # fmt: skip
    flags = {
        "computed": read.unsure and not read.values and read.source == "file",
        "variable": is_variable,
        "argument": read.source == "argument",
        "restarts": read.needs_restart,
        "may_restart": False,
    }
    return _facts(texts, flags, read.topic, _usual_files(application) if is_documented else ())


def _documented(evidence: Evidence, application: Application, topic: Topic) -> OwnRemedy:
    """Return the remedy by the program's documentation alone."""
    own = [
        own_setting
        for own_setting in application.own_settings
        if own_setting.topic == topic and not own_setting.before
    ]
    values = (right_value(each, "", evidence.target, "", "") for each in own[:1])
    is_told = topic in {"public_url", "allowed_host", "allowed_origin"}
    configuration = application.configuration
    texts = {
        "name": application.name,
        "documented": application.settings[topic],
        "wanted": next(values, "") if is_told else "",
        "process": application.name,
        "host": evidence.target.host,
    }
    restarts = configuration is None or configuration.needs_restart
    facts = _facts(texts, {"may_restart": restarts}, topic, _usual_files(application))
    step = Manual("documented-setting", Where.APPLICATION)
    return OwnRemedy(Fix((step,), Applicability.MANUAL), facts)


def _usual_files(application: Application) -> tuple[str, ...]:
    configuration = application.configuration
    files = configuration.files if configuration else ()
    usual_files = (file for file in files if file.startswith("/") and "*" not in file)
    return tuple(usual_files)[:_MAX_FILES]


def _facts(
    texts: Mapping[str, str], flags: Mapping[str, bool], topic: str, files: Iterable[str]
) -> dict[str, object]:
    """Return the facts under names that no check has."""
    return {
        **{f"its_{name}": texts.get(name, "") for name in _TEXTS},
        **{f"its_{name}": flags.get(name, False) for name in _FLAGS},
        **{f"its_{name}": topic == name for name in TOPICS},
        "its_files": tuple(files),
    }
