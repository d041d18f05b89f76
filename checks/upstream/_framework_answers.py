"""The answer of the site that a line missing in a program's source makes."""

import re
from dataclasses import replace

from checks.upstream._setting_answers import (
    heeds_scheme,
    plain_page,
    plain_redirect,
    refused_host,
)
from checks.upstream._setting_proofs import Proof
from diagnose.model import Confidence, Evidence, Subject
from diagnose.model.applications import OwnSetting, ReadSetting
from diagnose.model.backends import BackendAnswer
from diagnose.model.http import Exchange
from diagnose.model.pages import PageFileResponse, PageFileTrial
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import normalize_url, parse_url

#: What a framework says about a signed address that does not fit.
_SIGNATURE = re.compile(r"\b40[13]\b|invalid signature|signature", re.IGNORECASE)


def framework_proof(evidence: Evidence, read: ReadSetting) -> Proof | None:
    """Return what shows that the line is missing; None if nothing does, or if nothing was read."""
    if read.source == "unread":
        return None
    proof = _PROOFS[read.topic](evidence, read) if read.topic in _PROOFS else None
    is_sure = proof is not None and proof.confidence is Confidence.CERTAIN
    if proof is not None and is_sure and (read.unsure or read.stale):
        return replace(proof, confidence=Confidence.LIKELY)
    return proof


def _untrusted(evidence: Evidence, read: ReadSetting) -> Proof | None:
    if heeds_scheme(evidence):
        return None
    return (
        plain_redirect(evidence)
        or _circle(evidence)
        or plain_page(evidence)
        or _signature(evidence)
    )


def _circle(evidence: Evidence) -> Proof | None:
    """Return the redirect of a page to itself, of an application that is told https: it redirects
    to https what it takes for http."""
    from checks.http._forwarded_scheme import forwarded_scheme

    if not forwarded_scheme(evidence, evidence.target.path):
        return None
    for step in evidence.good(Exchange):
        onward = redirect_target(step)
        if step.purpose != "target" or onward is None or not step.url.startswith("https:"):
            continue
        if normalize_url(onward) != normalize_url(step.url):
            continue
        location = step.header("Location")
        https_answers = [
            backend_answer
            for backend_answer in evidence.good(BackendAnswer)
            if backend_answer.proto == "https" and backend_answer.location == location
        ]
        return Proof(
            (step, *https_answers), Confidence.LIKELY, step.url,
            f"{step.status} Location: {location}",
            https_answers[0].equivalent if https_answers else "", (Subject(port=80),),
        )  # fmt: skip
    return None


def _signature(evidence: Evidence) -> Proof | None:
    """Return that a person was refused at a signed address: the signature is made of the address
    with https, and compared with that of http."""
    from checks.http._forwarded_scheme import forwarded_scheme

    target = evidence.target
    if target.symptom is None or not re.search(r"[?&]signature=", target.path):
        return None
    if not _SIGNATURE.search(target.symptom.text) or not forwarded_scheme(evidence, target.path):
        return None
    answers = tuple(evidence.good(Exchange)[:1])
    return Proof(answers, Confidence.LIKELY, "", "signature=") if answers else None


def _unknown_host(evidence: Evidence, read: ReadSetting) -> Proof | None:
    setting = OwnSetting(topic="allowed_host", means="host-list", key=read.key)
    return refused_host(evidence, setting, read)


def _other_folder(evidence: Evidence, read: ReadSetting) -> Proof | None:
    """Return a file that the page asks for outside of the folder, where it is not."""
    if not read.folder or read.strips:
        return None
    for file in evidence.good(PageFileResponse):
        url = parse_url(file.url)
        if url is None or url.host != evidence.target.host or not file.shows_fault:
            continue
        if url.path.startswith(f"{read.folder}/"):
            continue
        below = [
            trial
            for trial in evidence.good(PageFileTrial)
            if trial.file == file.url and trial.is_used
        ]
        return Proof(
            (file, *below),
            Confidence.CERTAIN if below else Confidence.LIKELY,
            file.url,
            str(file.status or ""),
            below[0].equivalent if below else "",
            (Subject(port=evidence.target.port, path=url.path),),
        )
    return None


def _withheld_cookie(evidence: Evidence, read: ReadSetting) -> Proof | None:
    """Return the page without a cookie, of an application that is told https: its source has the
    session's cookie for https alone, and takes every request of the proxy for plain http."""
    from checks.http._forwarded_scheme import forwarded_scheme

    answers = [exchange for exchange in evidence.good(Exchange) if exchange.is_of_visit]
    if any(
        "cookie:" in answer.equivalent.lower() or answer.header("Set-Cookie") for answer in answers
    ):
        return None
    pages = [answer for answer in answers if answer.purpose == "target"]
    # The source is read only after a sign-in page without a cookie, or after a message about one.
    if not pages or not forwarded_scheme(evidence, evidence.target.path):
        return None
    return Proof(tuple(pages), Confidence.LIKELY)


_PROOFS = {
    "session_cookie": _withheld_cookie,
    "trusted_proxy": _untrusted,
    "allowed_host": _unknown_host,
    "base_path": _other_folder,
}
