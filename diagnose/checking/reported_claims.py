"""What claims are worth whose only evidence is the pasted message. Pure.

Such a claim is one that its check does not make without the message, and that rests on nothing but
pages that are well, files and programs. It is no surer than "possible" where a cause that was
measured leads to the message as well, and it is none where the log has what the message says, and
only before the last change of the configuration: the message may be older than that.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from diagnose.checking.symptom_match import may_produce, produces
from diagnose.model import (
    Check,
    Claim,
    Confidence,
    Evidence,
    Finding,
    Observation,
    Severity,
    Symptom,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig, NginxState
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.complaints import fails_at_times
from diagnose.parsers.further_symptoms import further_symptoms

Raised = list[tuple[Check, Claim]]
#: Observations that show no fault by themselves: what is configured, and what runs.
_PLAIN = frozenset(
    {"NginxConfig", "NginxState", "NginxProcess", "WebServer", "WebServerConfig", "Page",
     "KnownApplication", "Listeners", "RunningPrograms", "HandledPath"}
)  # fmt: skip
#: What nginx's log says where its visitors get a status.
_LOGGED: dict[int, frozenset[SymptomKind]] = {
    413: frozenset({"body-size"}),
    502: frozenset({"upstream-refused", "upstream-closed", "upstream-header", "upstream-denied"}),
    504: frozenset({"upstream-timeout"}),
}


def with_reported_weighed(
    raised: Raised, evidence: Evidence, judge: Callable[[Evidence], Raised]
) -> Raised:
    """Weigh the claims whose only evidence is the message. `judge` runs the checks again."""
    plain_indexes = [index for index, (_, claim) in enumerate(raised) if _is_plain(claim)]
    symptom = evidence.target.symptom
    if symptom is None or not plain_indexes:
        return raised
    untold = judge(replace(evidence, target=replace(evidence.target, symptom=None)))
    known = {(check.id, str(claim.about)) for check, claim in untold}
    plain_indexes = [index for index in plain_indexes if _key(raised[index]) not in known]
    measured = [each for index, each in enumerate(raised) if index not in plain_indexes]
    causes = [finding for each in measured if (finding := Finding("", *each)) and _is_sure(finding)]
    is_led_to = any(_leads_to(cause, symptom) for cause in causes)
    is_older = bool(plain_indexes) and is_before_change(evidence)
    weighed: Raised = []
    for index, (check, claim) in enumerate(raised):
        if index not in plain_indexes:
            weighed.append((check, claim))
        elif not is_older:
            sure = Confidence.POSSIBLE if is_led_to else claim.confidence
            weighed.append((check, replace(claim, confidence=sure, rests_on_words=bool(causes))))
    return weighed


def is_before_change(evidence: Evidence) -> bool:
    """Return whether nginx's log has what the message says, and only before the last change of the
    configuration that it has loaded. What happens at times may come again."""
    symptom = evidence.target.symptom
    if symptom is None or fails_at_times(symptom):
        return False
    change = _last_change(evidence)
    if not change:
        return False
    times = [line.when for line in _logged(evidence, symptom)]
    return bool(times) and max(times) < change


def _logged(evidence: Evidence, symptom: Symptom) -> Iterator[LogLine]:
    """Yield the lines of nginx's log about the site that say what the message says."""
    from diagnose.parsers.nginx.error_log import matching_lines
    from diagnose.parsers.symptoms import message_symptom

    kinds = {symptom.kind, *_LOGGED.get(symptom.number or 0, ())} - {"status", "other", "unusable"}
    for line in matching_lines(evidence.of(LogLine), host=evidence.target.host):
        meant = message_symptom(f"{line.text} {line.doing}")
        if meant is not None and meant.kind in kinds:
            yield line


def _last_change(evidence: Evidence) -> float:
    """Return when the newest file was changed that nginx has loaded; 0 if that is not known."""
    loads = [master.loaded for state in evidence.good(NginxState) for master in state.own_masters]
    loaded = min((time for time in loads if time), default=0.0)
    changes = (
        file.changed or 0.0
        for config in evidence.good(NginxConfig)
        for file in config.files
        if (file.changed or 0.0) <= loaded
    )
    return max(changes, default=0.0)


def _is_plain(claim: Claim) -> bool:
    """Return whether a claim rests on nothing that shows a fault."""
    is_note = claim.severity is Severity.NOTE
    return not is_note and claim.request is None and all(map(_shows_nothing, claim.because))


def _shows_nothing(observation: Observation) -> bool:
    if isinstance(observation, Exchange):
        return observation.failure is None and (observation.status or 500) < 400
    return type(observation).__name__ in _PLAIN and observation.failure is None


def _key(raised: tuple[Check, Claim]) -> tuple[str, str]:
    return raised[0].id, str(raised[1].about)


def _is_sure(finding: Finding) -> bool:
    is_certain = finding.claim.confidence is Confidence.CERTAIN
    return is_certain and not finding.is_note and not finding.check.comes_later


def _leads_to(cause: Finding, symptom: Symptom) -> bool:
    """Return whether a cause leads to what the message says, or is an error."""
    return cause.severity is Severity.ERROR or any(
        produces((cause,), reported_symptom) or may_produce((cause,), reported_symptom)
        for reported_symptom in _reported_symptoms(symptom)
    )


def _reported_symptoms(symptom: Symptom) -> tuple[Symptom, ...]:
    return (symptom, *further_symptoms(symptom))
