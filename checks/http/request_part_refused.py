"""The request that a message tells of fails, and this program's own for the same address is
answered. The two were sent in turn, with one difference at a time: the method (HEAD), the
User-Agent, the Referer, the language, or another header field. What fails alone decides. It is
certain if it failed once more after two requests without a difference were answered.

Who refuses it (a rule of the web server, a firewall for web requests, the application) is not seen
from outside; lines of the server's configuration that ask for this part are shown with it.
"""

import re
from collections.abc import Iterator, Mapping

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import NginxConfig
from diagnose.model.other_requests import ToldAnswer, ToldDifference
from diagnose.model.web_servers import WebServerConfig

#: A status of an error in a message.
_STATUS = re.compile(r"(?<![\w.:/-])[45]\d\d(?![\w:/-]|\.\d)")
#: How the configurations of nginx, Apache, Caddy, HAProxy and Traefik write a part of a request.
_WRITTEN = {
    "method": r"request_method|limit_except|<Limit|\bmethod\b|METH_|Method\(",
    "agent": r"user[-_]agent|BrowserMatch|\$bot|bad_bot",
    "referer": r"refer{1,2}er",
    "language": r"accept[-_]language|\$lang",
}
_MAX_LINES, _MAX_TEXT = 4, 120


@check(severity=Severity.WARNING, needs=[ToldAnswer], needs_message=True)
def request_part_refused(evidence: Evidence) -> Iterator[Claim]:
    symptom, answers = evidence.target.symptom, list(evidence.of(ToldAnswer))
    told = next((each for each in answers if each.differences), None)
    if symptom is None or told is None or not told.is_error or not _is_told(symptom.text, told):
        return
    # Without the differences the request is answered: that was tried after it.
    controls = [each for each in answers[answers.index(told) :] if not each.differences]
    if not controls or any(control.is_error for control in controls):
        return
    alone = [each for each in answers if len(each.differences) == 1 and each.is_error]
    decisive = alone[0] if alone else told
    differences = decisive.differences
    again = [each for each in answers if each.differences == differences and each is not decisive]
    if any(not each.is_error for each in again):
        return  # it fails now and then, whatever is asked
    lines = _asking_lines(evidence, differences[0])
    typed = _typed(evidence, decisive)
    subject = Subject(port=told.port, path=evidence.target.path)
    yield Claim(
        about=subject,
        covers=(subject,),
        because=tuple(answers),
        confidence=Confidence.CERTAIN
        if alone and again and len(controls) > 1
        else Confidence.LIKELY,
        facts={
            "url": told.url,
            "status": decisive.status or "",
            "reason": decisive.reason,
            "served": controls[-1].status,
            **{part: differences[0].part == part for part in (*_WRITTEN, "field")},
            "name": differences[0].name.title(),
            "value": differences[0].value,
            "others": tuple(each.value for each in differences[1:]),
            "lines": lines,
            "led_to": decisive.led_to,
            "typed": len(typed) > 0,
            "command": decisive.equivalent,
        },
        fix=Fix((Manual("let-it-pass", Where.SERVER, commands=typed),), Applicability.MANUAL),
        is_reported=True,
    )


def _typed(evidence: Evidence, answer: ToldAnswer) -> tuple[Command | Edit, ...]:
    """Return what a person types to take out the rule of nginx or Apache that decides."""
    if any(evidence.good(WebServerConfig)):
        from checks.server._deciding_rewrites import without_rewrite

        if typed := without_rewrite(evidence, answer.differences):
            return typed
    if not any(evidence.good(NginxConfig)):
        return ()
    from checks.nginx._deciding_conditions import without_condition

    return without_condition(evidence, answer, answer.differences)


def _is_told(text: str, answer: ToldAnswer) -> bool:
    """Return whether a message may be about an answer: it names its status, or none at all."""
    named = {int(number) for number in _STATUS.findall(text[:2000])}
    return answer.status in named if named else True


def _asking_lines(evidence: Evidence, difference: ToldDifference) -> tuple[str, ...]:
    """Return the lines of the server's configuration that ask for a part of a request, with their
    places."""
    name = re.escape(difference.name).replace(r"\-", "[-_]")
    pattern = re.compile(_WRITTEN.get(difference.part, name), re.IGNORECASE)
    files = [file for config in evidence.good(NginxConfig) for file in config.files]
    texts = {file.path: file.text for file in files}
    for config in evidence.good(WebServerConfig):
        texts |= {file.path: file.text for file in config.files}
    return tuple(_matching(texts, pattern))[:_MAX_LINES]


def _matching(texts: Mapping[str, str], pattern: re.Pattern[str]) -> Iterator[str]:
    for path, text in texts.items():
        for number, line in enumerate(text.split("\n"), 1):
            words = line.strip()
            is_passed_on = "set_header" in words or "log_format" in words
            if not words.startswith("#") and not is_passed_on and pattern.search(words[:1000]):
                yield f"{path}:{number}: {words[:_MAX_TEXT]}"
