"""Describes an observation on one line."""

from collections.abc import Iterable

from diagnose.i18n import failures
from diagnose.i18n.gaps import text as gap_text
from diagnose.i18n.messages import translation
from diagnose.i18n.reports import translate
from diagnose.model import Finding, Observation, Unseen
from diagnose.model.summary import Phrase
from diagnose.model.tcp import IcmpError
from diagnose.parsers.quoted_secrets import hide_values


def digest(observation: Observation, lang: str) -> str:
    """Return subject and outcome; of a failed attempt, the failure. Messages of machines are not
    translated."""
    subject, outcome = (words_text(words, lang) for words in observation.summary())
    if isinstance(observation, Unseen):
        subject, outcome = gap_text(subject, lang), gap_text(outcome, lang)
    if observation.failure is not None:
        code = f" ({observation.failure.name})" if observation.failure.name else ""
        icmp = _icmp_text(getattr(observation, "icmp", None), lang)
        outcome = f"{failures.text(observation.failure.message, lang)}{code}{icmp}"
    return hide_values(f"{subject}: {outcome}" if subject and outcome else subject or outcome)


def evidence(finding: Finding, lang: str) -> tuple[Observation, ...]:
    """Return the observations that support a finding. Of those that read the same, such as
    equal lines of a log from two workers, only the first."""
    lines = {
        (observation.vantage, digest(observation, lang)): observation
        for observation in reversed(finding.claim.because)
    }
    distinct = set(map(id, lines.values()))
    return tuple(
        observation for observation in finding.claim.because if id(observation) in distinct
    )


def evidence_commands(
    observations: Iterable[Observation],
) -> tuple[tuple[Observation, str], ...]:
    """Return observations, each with its equivalent command; "" if it stands at an earlier one:
    one request may have shown several things."""
    commands: set[str] = set()
    pairs: list[tuple[Observation, str]] = []
    for observation in observations:
        command = observation.equivalent
        pairs.append((observation, "" if command in commands else command))
        commands.add(command)
    return tuple(pairs)


def words_text(words: object, lang: str) -> str:
    """Return the words of a summary (`diagnose.model.summary`) in a language."""
    if isinstance(words, tuple):
        items = [words_text(item, lang) for item in words]
        return translate("join.list", lang).join(items) or translate("join.none", lang)
    if not isinstance(words, Phrase):
        return str(words)
    catalogue = translation(lang)
    template = (
        catalogue.ngettext(words.text, words.plural, int(str(words.facts["count"])))
        if words.plural
        else catalogue.gettext(words.text)
    )
    return template.format(**{name: words_text(fact, lang) for name, fact in words.facts.items()})


def _icmp_text(error: IcmpError | None, lang: str) -> str:
    """Return type, code and sender of the ICMP error that ended an attempt."""
    if error is None:
        return ""
    sender = translate("this-machine", lang) if error.local else error.sender
    text = translate("icmp-error", lang, number=f"{error.type}/{error.code}", sender=sender)
    return f"{translate('join.clauses', lang)}{text}"
