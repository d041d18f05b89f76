"""The verdict as one sentence, for all writers."""

from collections.abc import Iterable

from diagnose.checking.verdicts import (
    is_message_unread,
    is_symptom_unexplained,
    layer_statuses,
    unanswered_findings,
    verdict,
)
from diagnose.i18n.reports import translate
from diagnose.model import Confidence, Finding, Report, Severity
from diagnose.model.http import Exchange
from diagnose.outputs.certificate_text import certificate_validity
from diagnose.outputs.evidence_gaps import missing_with_reason, unfinished_texts
from diagnose.outputs.finding_text import join_sentences, join_texts, title
from diagnose.parsers.http import browser_page
from diagnose.parsers.redirects import end_page


def verdict_sentence(report: Report, lang: str) -> str:
    """Return the verdict as one sentence."""
    url, outcome = report.evidence.target.url, verdict(report)
    if outcome.causes:
        return _cause_sentence(outcome.causes, lang)
    if outcome.status == "ok" and is_message_unread(report):
        unread = translate("message-unread", lang, url=url)
        return join_sentences(unread, _suspect_sentence(report, lang), lang)
    if outcome.status == "ok":
        return _well_sentence(report, lang)
    reasons = unfinished_texts(outcome.unfinished, lang)
    if outcome.missing:
        pieces = [missing_with_reason(piece, lang) for piece in outcome.missing]
        reasons.append(translate("missing", lang, what=join_texts(pieces, lang)))
    reasons += [title(finding, lang) for finding in unanswered_findings(report)]
    if is_symptom_unexplained(report):
        reasons.append(translate("symptom-unexplained", lang))
    joined_reasons = translate("join.clauses", lang).join(reasons)
    return translate("unjudged-why", lang, url=url, why=joined_reasons)


def verdict_sentences(report: Report, lang: str) -> str:
    """Return the verdict; for a healthy site also how long its certificate is valid."""
    sentence = verdict_sentence(report, lang)
    if verdict(report).status != "ok":
        return sentence
    return join_sentences(sentence, certificate_validity(report, lang), lang)


def _cause_sentence(causes: tuple[Finding, ...], lang: str) -> str:
    text = title(causes[0], lang)
    if causes[0].claim.confidence is not Confidence.CERTAIN:
        text = translate(f"{causes[0].claim.confidence}-title", lang, title=text)
    if len(causes) > 1:
        text = translate("more-causes", lang, title=text, count=len(causes) - 1)
    return text


def _well_sentence(report: Report, lang: str) -> str:
    """Return that nothing counts against the site. One with an ignored error is not called
    healthy."""
    ids = join_texts(dict.fromkeys(finding.check.id for finding in report.suppressed), lang)
    if any(finding.severity is Severity.ERROR for finding in report.suppressed):
        return translate("ignored.only", lang, url=report.evidence.target.url, checks=ids)
    ignored = translate("ignored.checks", lang, checks=ids) if ids else ""
    well = join_sentences(_healthy_sentence(report, lang), _other_page_sentence(report, lang), lang)
    return join_sentences(well, ignored, lang)


def _other_page_sentence(report: Report, lang: str) -> str:
    """Return what visitors may have met at another page, "" if nothing."""
    notes = [note for note in report.findings if note.is_note]
    if note := next((note for note in notes if note.claim.request is not None), None):
        return translate("other-page", lang, title=title(note, lang))
    note = next((note for note in notes if note.check.only_unused), None)
    if note is None:
        return _suspect_sentence(report, lang)
    return translate("page-part", lang, title=title(note, lang))


def _suspect_sentence(report: Report, lang: str) -> str:
    """Return the note that may be what a person means, "" if nobody said anything, or a finding
    answers it."""
    if report.evidence.target.symptom is None:
        return ""
    # Imported late: few runs have a pasted message.
    from diagnose.checking.suspects import suspects

    note = next(iter(suspects(report)), None)
    return translate("suspect", lang, title=title(note, lang)) if note else ""


def _healthy_sentence(report: Report, lang: str) -> str:
    """Return the sentence for a healthy site, with the limits of the check. A page that is refused,
    unknown, empty or slow may be intended: the sentence says so."""
    scope, url = report.evidence.scope, report.evidence.target.url
    if scope.only or scope.skip:
        key = "healthy-only" if scope.only else "healthy-but"
        return _limited_sentence(key, report, scope.only or scope.skip, lang)
    if scope.outside and (refused := _refused_page(report) or _noted_page(report)):
        answered = _answered_sentence(report, refused, lang)
        if not _is_message_unseen(report):
            return answered
        return join_sentences(answered, translate("message-unseen", lang), lang)
    if method := _untried_method(report):
        return translate("healthy-untried", lang, url=url, method=method)
    unseen = [layer for layer, status in layer_statuses(report) if status == "unknown"]
    if scope.outside and unseen:
        return _limited_sentence("healthy-but", report, unseen, lang)
    if report.evidence.target.symptom is not None and _is_way_unseen(report):
        return translate("healthy-here", lang, url=url)
    if scope.outside and _is_message_unseen(report):
        return translate("healthy-unseen", lang, url=url)
    return translate("healthy" if scope.outside else "healthy-inside", lang, url=url)


def _answered_sentence(report: Report, page: Exchange, lang: str) -> str:
    """Return what a page that is refused, unknown, empty or slow answers, and who says why."""
    answer, url = f"{page.status} {page.reason}".strip(), _shown_url(report, page)
    notes = [note for note in report.findings if _rests_on(note, page)]
    # Who answers says more than who stands in front.
    if note := next(iter(sorted(notes, key=lambda note: note.check.layer == "dns")), None):
        return translate("healthy-explained", lang, url=url, answer=answer, title=title(note, lang))
    if words := _own_words(page):
        return translate("healthy-quoted", lang, url=url, answer=answer, words=words)
    return translate("healthy-refusing", lang, url=url, answer=answer)


def _untried_method(report: Report) -> str:
    """Return the method of the request of a message that changes something, if this run sent no
    request with it; "" otherwise."""
    symptom = report.evidence.target.symptom
    if symptom is None:
        return ""
    # Imported late: few runs have a pasted message.
    from diagnose.checking.message_controls import untried_method

    return untried_method(report.evidence, symptom)


def _is_message_unseen(report: Report) -> bool:
    """Return whether this run did not look at what a message says."""
    if report.evidence.target.symptom is None:
        return False
    from diagnose.checking.symptom_answer import symptom_answer

    answer = symptom_answer(report)
    return answer is not None and answer.kind in {"unknown", "unsent"}


def _is_way_unseen(report: Report) -> bool:
    # Imported late: few runs have a pasted message.
    from diagnose.checking.symptom_answer import is_way_unseen

    return is_way_unseen(report)


def _limited_sentence(key: str, report: Report, layers: Iterable[str], lang: str) -> str:
    names = [translate(f"layer.{layer}", lang) for layer in layers]
    return translate(key, lang, url=report.evidence.target.url, layers=join_texts(names, lang))


def _noted_page(report: Report) -> Exchange | None:
    """Return the page that came, if a note of the layer `http` is about it, None otherwise: it is
    empty, slow, or a list of files."""
    notes = [note for note in report.findings if note.check.layer == "http"]
    pages = (page for page in report.evidence.good(Exchange) if page.purpose == "target")
    return next((page for page in pages if any(_rests_on(note, page) for note in notes)), None)


def _refused_page(report: Report) -> Exchange | None:
    """Return the page's response whose status is 400 or more, for browsers too, or that of the page
    of the same site to which it redirects; None if there is none."""
    if report.evidence.target.is_websocket:
        return None
    end = end_page(report.evidence)
    pages = (
        page for page in report.evidence.of(Exchange) if page.purpose == "target" or page is end
    )
    return next(
        (
            page
            for page in pages
            if (page.status or 0) >= 400 and browser_page(report.evidence, page) is None
        ),
        None,
    )


def _own_words(page: Exchange) -> str:
    """Return what a program wrote into its refusal as data or as a text, "" for a page: those of
    servers and of frameworks say the status alone."""
    kind = (page.header("Content-Type") or "").partition(";")[0].strip().lower()
    is_told = kind in {"application/json", "application/problem+json", "text/plain"}
    if not is_told or not 400 <= (page.status or 0) < 500 or not page.body.strip():
        return ""
    # Imported late: few pages are refused.
    from diagnose.parsers.html_tags import excerpt
    from diagnose.parsers.quoted_secrets import hide_values

    return hide_values(excerpt(page.body))


def _shown_url(report: Report, page: Exchange) -> str:
    """Return the URL as the user wrote it, that of the page itself if it was redirected to."""
    return page.url if page.purpose == "redirect" else report.evidence.target.url


def _rests_on(finding: Finding, page: Exchange) -> bool:
    return finding.is_note and any(because is page for because in finding.claim.because)
