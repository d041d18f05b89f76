"""A setting of the application itself does not fit the site: its own names, proxies, address,
folder or origins, read where they lie, and an answer of the site shows that.

A value alone proves nothing: many programs work with any. Each finding needs the answer that this
value makes, and that the web server in front does not make.
"""

from collections.abc import Iterator

from checks.upstream._base_paths import wants_whole_path
from checks.upstream._own_remedy import TOPICS, needs_restart_only, remedy_of
from checks.upstream._read_settings import setting_of
from checks.upstream._setting_answers import proof_of
from checks.upstream._setting_proofs import Proof
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Severity
from diagnose.model.applications import Application, OwnSetting, ReadSetting
from diagnose.model.containers import NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.pages import Page
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
        "server.request-refused", "upstream.origin-mismatch", "upstream.application-log",
        "websocket.origin-refused",
        "websocket.redirected", "websocket.unauthorized", "upstream.framework-setting",
        "upstream.forces-https", "server.forces-https", "upstream.logged-reason",
        "server.prefix-kept", "upstream.wrong-path",
    ],
)  # fmt: skip
def setting_mismatch(evidence: Evidence) -> Iterator[Claim]:
    settings = set[str]()
    for read in evidence.good(ReadSetting):
        application = application_of(read.application)
        setting = setting_of(application, read) if application else None
        if application is None or setting is None or read.topic in settings:
            continue
        proof = proof_of(evidence, setting, read)
        claim = _claim(evidence, application, setting, read, proof) if proof else None
        if claim is not None:
            settings.add(read.topic)
            yield claim


def _is_of_links(proof: Proof) -> bool:
    """Return whether the page itself is whole: only what its forms, its frames or its data name is
    wrong."""
    pages = [answer for answer in proof.answers if isinstance(answer, Page)]
    files = {file.url for page in pages for file in page.files}
    return bool(pages) and proof.words not in files


def _together(
    evidence: Evidence, application: Application, read: ReadSetting
) -> tuple[ReadSetting, ...]:
    """Return the value with those of its topic and its file that are wrong for the same reason:
    WordPress has its address twice."""
    others = (
        read_setting
        for read_setting in evidence.good(ReadSetting)
        if (read_setting.topic, read_setting.file, read_setting.source)
        == (read.topic, read.file, "file")
        and read_setting is not read
        and (own := setting_of(application, read_setting)) is not None
        and fits(own, read_setting.values, evidence.target, read_setting.proxy, read_setting.folder)
        is False
    )
    return (read, *others)


def _claim(
    evidence: Evidence,
    application: Application,
    setting: OwnSetting,
    read: ReadSetting,
    proof: Proof,
) -> Claim | None:
    target = evidence.target
    remedy = remedy_of(evidence, application, _together(evidence, application, read))
    if wants_whole_path(setting, read) and remedy.fix.applicability is Applicability.MANUAL:
        # Other checks say what the web server can do alone.
        return None
    subjects = proof.subjects(evidence, application.name)
    is_named = not proof.url and "://" in proof.words
    return Claim(
        about=subjects[0],
        covers=subjects,
        because=(read, *proof.answers),
        confidence=proof.confidence,
        severity=Severity.WARNING if is_named or _is_of_links(proof) else None,
        facts={
            "name": application.name,
            "key": read.key,
            "place": read.place,
            "file": read.file,
            "value": ", ".join(read.values),
            "absent": read.source == "nowhere",
            "misspelt": read.misspelt,
            "stale": needs_restart_only(evidence, setting, read),
            "cached": read.cached,
            "computed": read.unsure and not read.values and read.source == "file",
            "several": read.unsure and bool(read.values),
            "process": read.process or application.name,
            "wanted": read.wanted,
            "url": target.url,
            "host": target.host,
            "answer_url": proof.url,
            "answer": proof.words,
            "named": is_named,
            "control": proof.control,
            "plain": "Location:" in proof.words,
            "proxy": read.proxy if read.topic == "trusted_proxy" else "",
            "proxy_container": _container_at(evidence, read),
            "folder": read.folder,
            "reads_at_once": not read.needs_restart,
            **{topic: read.topic == topic for topic in TOPICS},
            **remedy.facts,
        },
        fix=remedy.fix,
    )


def _container_at(evidence: Evidence, read: ReadSetting) -> str:
    """Return the web server's container, if the application sees the web server by its address."""
    containers = evidence.good(NginxContainer) if read.topic == "trusted_proxy" else ()
    return next(
        (container.title for container in containers if read.proxy in container.addresses), ""
    )
