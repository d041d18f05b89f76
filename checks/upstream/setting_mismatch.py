"""A setting of the application itself does not fit the site: its own names, proxies, address,
folder or origins, read where they lie, and an answer of the site shows that.

A value alone proves nothing: many programs work with any. Each finding needs the answer that this
value makes, and that the web server in front does not make.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.upstream._setting_answers import Proof, proof_of
from checks.upstream._setting_edits import setting_diff
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model import commands as usual
from diagnose.model.applications import Application, OwnSetting, ReadSetting
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.steps import Command, Effect
from diagnose.parsers.applications import application_of
from diagnose.parsers.setting_fit import fits


@check(
    severity=Severity.ERROR,
    needs=[ReadSetting, Exchange],
    explains=[
        "http.host-refused", "upstream.host-not-allowed", "upstream.proxy-not-trusted",
        "http.redirect-downgrade", "http.redirect-wrong-host", "http.redirect-loop",
        "http.redirect-to-error", "http.redirect-drops-path", "http.no-redirect",
        "http.localhost-in-page", "http.internal-name-in-page", "http.mixed-content",
        "http.form-over-http", "http.login-return-address", "http.application-setting",
        "http.base-path-missing", "http.redirect-leaves-folder", "http.page-file-missing",
        "http.cors-refused", "http.address-in-page", "http.answer-says-why",
        "nginx.page-file-not-found", "server.base-path-missing", "server.own-answer",
        "server.application-writes-http", "server.application-answers", "upstream.own-answer",
        "upstream.origin-mismatch", "upstream.application-log", "websocket.origin-refused",
        "websocket.redirected", "websocket.unauthorized",
    ],
)  # fmt: skip
def setting_mismatch(evidence: Evidence) -> Iterator[Claim]:
    told = set[str]()
    for read in evidence.good(ReadSetting):
        application = application_of(read.application)
        setting = _setting_of(application, read) if application else None
        if application is None or setting is None or read.topic in told:
            continue
        proof = proof_of(evidence, setting, read)
        if proof is not None:
            told.add(read.topic)
            yield _claim(evidence, application, setting, read, proof)


def _setting_of(application: Application, read: ReadSetting) -> OwnSetting | None:
    names = (
        setting
        for setting in application.own_settings
        if setting.topic == read.topic
        and read.key in {setting.key, setting.variable, setting.argument}
    )
    return next(names, None)


def _needs_restart_only(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> bool:
    """Return whether the file has the right value, and the application began before it had."""
    return read.stale and bool(fits(setting, read.values, evidence.target, read.proxy, read.folder))


def _claim(
    evidence: Evidence,
    application: Application,
    setting: OwnSetting,
    read: ReadSetting,
    proof: Proof,
) -> Claim:
    target = evidence.target
    subject = Subject(port=target.port, path=target.path, text=application.name)
    return Claim(
        about=subject,
        covers=(
            subject,
            Subject(port=target.port),
            Subject(port=target.port, path=target.path),
            *proof.covers,
            *endpoint_subjects(list(page_exchanges(evidence))),
        ),
        because=(read, *proof.answers),
        confidence=proof.confidence,
        facts={
            "name": application.name,
            "key": read.key,
            "place": read.place,
            "file": read.file,
            "value": ", ".join(read.values),
            "absent": read.source == "nowhere",
            "misspelt": read.misspelt,
            "stale": _needs_restart_only(evidence, setting, read),
            "computed": read.unsure and not read.values and read.source == "file",
            "several": read.unsure and bool(read.values),
            "variable": read.source == "variable",
            "argument": read.source == "argument",
            "process": read.process or application.name,
            "wanted": read.wanted,
            "url": target.url,
            "host": target.host,
            "answer_url": proof.url,
            "answer": proof.words,
            "control": proof.control,
            "plain": "Location:" in proof.words,
            "proxy": read.proxy if read.topic == "trusted_proxy" else "",
            "folder": read.folder,
            "unit": read.unit,
            "container": read.container,
            "engine": read.engine,
            "compose": read.compose,
            "service": read.service,
            "restarts": read.needs_restart,
            "reads_at_once": not read.needs_restart,
            **{topic: read.topic == topic for topic in _TOPICS},
        },
        fix=_restart(read) if _needs_restart_only(evidence, setting, read) else _fix(read),
    )


_TOPICS = ("public_url", "trusted_proxy", "allowed_host", "allowed_origin", "base_path")


def _fix(read: ReadSetting) -> Fix:
    """Return the edit of the line and what loads it; words for a person where the place is not a
    file of this server, or the program's service is not known."""
    loading = _loading(read)
    edit = Edit(read.file, setting_diff(read), outside=True) if read.new else None
    if edit is None or read.unsure or (loading is None and read.needs_restart):
        steps = (edit,) if edit else ()
        return Fix(
            (Manual("change-the-setting", Where.APPLICATION, commands=steps),), Applicability.MANUAL
        )
    return Fix((edit, *([loading] if loading else [])), Applicability.REVIEW)


def _restart(read: ReadSetting) -> Fix:
    loading = _loading(read)
    if loading is None:
        return Fix((Manual("restart-it", Where.APPLICATION),), Applicability.MANUAL)
    return Fix((loading,), Applicability.REVIEW)


def _loading(read: ReadSetting) -> Command | None:
    if read.load:
        return Command(read.load, Effect.CHANGE)
    if not read.needs_restart:
        return None
    if read.container:
        # A container keeps the environment that it was made with.
        is_made_anew = read.source == "variable"
        return None if is_made_anew else usual.restart_container(read.engine, read.container)
    return usual.restart_service(read.unit.removesuffix(".service")) if read.unit else None
