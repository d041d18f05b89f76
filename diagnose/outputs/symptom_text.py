"""The answer to the pasted message as prose, for all writers."""

import shlex
from typing import TYPE_CHECKING

from diagnose.checking.texts import check_text
from diagnose.i18n import reports
from diagnose.i18n.symptom_answers import translate
from diagnose.i18n.symptoms import symptom_name
from diagnose.model import Host, Report, Symptom, Vantage
from diagnose.model.http import Upgrade
from diagnose.outputs.finding_text import join_sentences, title

if TYPE_CHECKING:
    from diagnose.checking.symptom_answer import SymptomAnswer


def symptom_markdown(report: Report, lang: str) -> str:
    """Return whether the findings answer the pasted message, as paragraphs and a list of what most
    often leads to it; "" if none was pasted."""
    answer = _answer(report)
    if answer is None:
        return ""
    paragraphs = (*_paragraphs(report, answer, lang), _usual_list(answer, lang))
    return "\n\n".join(filter(None, paragraphs))


def symptom_text(report: Report, lang: str) -> str:
    """Return the same on one line."""
    answer = _answer(report)
    return answer_text(report, answer, lang) if answer else ""


def answer_text(report: Report, answer: "SymptomAnswer", lang: str) -> str:
    """Return an answer in one or a few sentences."""
    return _joined(*_paragraphs(report, answer, lang), _usual_sentence(answer, lang), lang=lang)


def _answer(report: Report) -> "SymptomAnswer | None":
    # Most runs have no message, and the table of symptoms is not read for them.
    if report.evidence.target.symptom is None:
        return None
    from diagnose.checking.symptom_answer import symptom_answer

    return symptom_answer(report)


def _joined(*sentences: str, lang: str) -> str:
    first, *others = sentences
    for sentence in others:
        first = join_sentences(first, sentence, lang)
    return first


def _paragraphs(report: Report, answer: "SymptomAnswer", lang: str) -> tuple[str, ...]:
    """Return whether the message was met and explained, what else it tells, and how the web server
    handles the request: the last two may be empty."""
    sentences = [_verdict(report, answer, lang)]
    if answer.kind == "possible" and answer.symptom.kind == "status":
        sentences.append(_status_sentence(report, answer, lang))
    elif answer.kind in {"absent", "unrelated", "unsent"} or _is_untried(report, answer):
        sentences.append(_status_sentence(report, answer, lang))
        sentences.append(_other_origin_sentence(report, answer, lang))
    elif answer.kind == "met":
        sentences.append(_repeating_sentence(report, lang))
    if answer.finding is None:
        sentences.append(_older_sentence(report, lang))
    parts = _parts_text(report, answer, lang)
    handled = _joined(
        _handled_sentence(report, answer, lang), *_quoted_lines(report, answer, lang), lang=lang
    )
    return (_joined(*sentences, lang=lang), parts, handled)


def _parts_text(report: Report, answer: "SymptomAnswer", lang: str) -> str:
    """Return the causes of what else the message tells."""
    sentences = [
        translate(
            "part.first-cause" if part.finding in report.causes[:1] else "part.cause",
            lang,
            quoted=_quoted(part.symptom, lang),
            title=title(part.finding, lang),
        )
        for part in answer.parts
    ]
    return _joined(*sentences, lang=lang) if sentences else ""


def _quoted_lines(report: Report, answer: "SymptomAnswer", lang: str) -> list[str]:
    """Return where the lines stand that the message quotes, where no finding answers it."""
    if answer.handled is None:
        return []
    from diagnose.checking.quoted_lines import quoted_lines

    return [
        translate(
            "handled.quoted",
            lang,
            line=line.text,
            place=f"{line.file}:{line.line}",
        )
        for line in quoted_lines(report.evidence)
    ]


def _handled_sentence(report: Report, answer: "SymptomAnswer", lang: str) -> str:
    """Return how the web server handles the request, "" if it is not known or a finding answers."""
    handled, target = answer.handled, report.evidence.target
    if handled is None or not (handled.directive or handled.file):
        return ""
    key = "handled.file" if handled.file else "handled.directive"
    sentence = translate(
        key if handled.block else "handled.passed",
        lang,
        server=handled.server,
        path=(target.websockets or (target.path,))[0],
        block=handled.block,
        place=handled.place,
        directive=handled.directive,
        file=handled.file,
    )
    if not handled.request:
        return sentence
    request, fields = handled.request[0], handled.request[1:]
    is_nginx = bool(handled.block)
    has_scheme = any(field.startswith("X-Forwarded-Proto") for field in fields)
    got = translate(
        "handled.request" if has_scheme or not is_nginx else "handled.without-scheme",
        lang,
        request=request,
        fields=reports.translate("join.list", lang).join(f"`{field}`" for field in fields),
    )
    return join_sentences(sentence, got, lang)


def _usual_sentence(answer: "SymptomAnswer", lang: str) -> str:
    """Return what most often leads to the symptom, "" if nothing is known or a finding answers."""
    if not answer.usual:
        return ""
    causes = reports.translate("join.clauses", lang).join(_usual_causes(answer, lang))
    return join_sentences(
        translate("usual", lang, causes=causes), _look_sentence(answer, lang), lang
    )


def _usual_list(answer: "SymptomAnswer", lang: str) -> str:
    """Return the same as a list."""
    if not answer.usual:
        return ""
    items = (f"- {cause}" for cause in _usual_causes(answer, lang))
    heading, look = translate("usual.heading", lang), _look_sentence(answer, lang)
    return "\n".join((heading, *items, "", look))


def _usual_causes(answer: "SymptomAnswer", lang: str) -> list[str]:
    return [
        translate("usual.cause", lang, title=check_text(check, lang).general_title, check=check)
        for check in answer.usual
    ]


def _look_sentence(answer: "SymptomAnswer", lang: str) -> str:
    key = "usual.look-first" if len(answer.usual) > 1 else "usual.look"
    return translate(key, lang, check=answer.usual[0])


def _is_untried(report: Report, answer: "SymptomAnswer") -> bool:
    """Return whether the message is about what this run does not try: where else it may come from
    is known nevertheless."""
    from diagnose.checking.symptom_match import is_tried

    is_untried = (
        not is_tried(answer.symptom) or _is_way_unseen(report) or _is_unopened(report, answer)
    )
    return answer.kind == "unknown" and is_untried


def _is_unopened(report: Report, answer: "SymptomAnswer") -> bool:
    """Return whether the message is about a WebSocket, and this run knew no path of one."""
    from diagnose.checking.symptom_answer import is_websocket_unopened

    is_unnamed = not report.evidence.target.websockets
    return is_unnamed and is_websocket_unopened(report.evidence, answer.symptom)


def _is_way_unseen(report: Report) -> bool:
    from diagnose.checking.symptom_answer import is_way_unseen

    return is_way_unseen(report)


def _verdict(report: Report, answer: "SymptomAnswer", lang: str) -> str:
    quoted = _quoted(answer.symptom, lang)
    finding, key = answer.finding, f"answer.{answer.kind}"
    if answer.kind == "unknown" and _is_way_unseen(report):
        key = "answer.way-unseen"
    if answer.kind == "absent" and answer.symptom.kind == "outgoing":
        key = "answer.way-out"
    if answer.is_of_parts:
        return translate("answer.parts", lang, quoted=quoted)
    if answer.kind in {"unknown", "possible"} and answer.symptom.kind == "other":
        key = "answer.unread" if report.causes else "answer.unread-well"
        return translate(key, lang, message=answer.symptom.shown)
    if answer.kind == "met" and (logged := _logged_verdict(report, quoted, lang)):
        return logged
    if answer.kind == "unsent":
        command = shlex.join(("diagnose", "--method", "POST", answer.form))
        return translate(key, lang, quoted=quoted, command=command)
    if finding is None or finding in report.causes[:1]:
        return translate(key, lang, quoted=quoted)
    key = "answer.other-cause" if answer.kind == "cause" else "answer.possible-other"
    return translate(key, lang, quoted=quoted, title=title(finding, lang))


def _logged_verdict(report: Report, quoted: str, lang: str) -> str:
    """Return which request of the log has what the message says, "" if this run met it itself."""
    from diagnose.checking.logged_symptom import logged_alone

    failure = logged_alone(report.evidence)
    if failure is None:
        return ""
    request = f"{failure.method} {failure.path}"
    return translate(
        "answer.logged", lang, quoted=quoted, log=failure.file, request=request,
        time=failure.written,
    )  # fmt: skip


def _quoted(symptom: Symptom, lang: str) -> str:
    return translate("quoted", lang, message=symptom.shown, what=symptom_name(symptom, lang))


def _status_sentence(report: Report, answer: "SymptomAnswer", lang: str) -> str:
    """Return what the site answers now, if it does; of a WebSocket, what its handshake got."""
    if answer.symptom.kind.startswith("websocket"):
        sentence = _handshake_sentence(report, lang)
        if sentence or report.evidence.target.websockets:
            return sentence
    if answer.status is None:
        return ""
    is_outside = report.evidence.scope.outside and not _is_way_unseen(report)
    key = "now.status" if is_outside else "now.server"
    return translate(key, lang, status=answer.status)


def _handshake_sentence(report: Report, lang: str) -> str:
    """Return what the handshake got that is most like the visitor's; "" if there was none."""
    upgrades = [upgrade for upgrade in report.evidence.of(Upgrade) if upgrade.is_visit]
    asked = [one for one in upgrades if one.path in report.evidence.target.websockets]
    for upgrade in (asked or upgrades)[:1]:
        path = upgrade.path.partition("?")[0]
        if upgrade.accepted:
            return translate("now.opens", lang, path=path)
        if upgrade.status:
            return translate("now.refused", lang, path=path, status=upgrade.status)
    return ""


def _repeating_sentence(report: Report, lang: str) -> str:
    """Return which answer of this run has the words of the message, "" if none has."""
    from diagnose.checking.repeating_answers import answered_url, repeating_answer

    answer = repeating_answer(report.evidence)
    if answer is None:
        return ""
    return translate("now.repeats", lang, url=answered_url(answer), status=answer.status)


def _older_sentence(report: Report, lang: str) -> str:
    """Return that the message may be older than the last change, "" if nothing shows that."""
    from diagnose.checking.reported_claims import is_before_change

    return translate("now.older", lang) if is_before_change(report.evidence) else ""


def _other_origin_sentence(report: Report, answer: "SymptomAnswer", lang: str) -> str:
    """Return where else the symptom may come from, "" if nothing is known."""
    if not answer.elsewhere:
        return ""
    key = answer.elsewhere
    if key == "server" and any(host.vantage is Vantage.SERVER for host in report.evidence.of(Host)):
        key = "log"
    if _is_way_unseen(report):
        key = "in-front"
    elif _is_unopened(report, answer):
        key = "websocket-path"
    url = report.evidence.target.url
    return translate(
        f"elsewhere.{key}",
        lang,
        command=shlex.join(("diagnose", url)),
        curl=shlex.join(("curl", "-v", "--max-time", "10", url)),
    )
