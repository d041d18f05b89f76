"""Whether a fix helped, by what stood before it and what stands now. Pure.

It did not where its cause still stands, or what followed from it; what is read in a file did not
follow from what is mended elsewhere, and has a remedy of its own. And something is broken where an
error is new and all that it rests on was looked at before, by the same commands, and answered well.

What else is new came to light. Nobody had seen what is behind a door that was shut; and of two
errors of one layer about the same thing the first may have hidden the second: who is led in circles
never meets the application. The site had not worked there before either, and what is in its way
next can be mended only when it shows. Taken back, the two would keep each other for ever.

A certificate is read whole, so that none of its faults hides another. Where a remedy has another
one served, with an error that the former one did not have, a fault was exchanged for a fault.
"""

from collections.abc import Iterator

from diagnose.checking.root_cause import layer_statuses
from diagnose.model import Edit, Finding, Observation, Report, Severity
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxTest
from diagnose.model.tls import Handshake

#: Where something is asked and answers; elsewhere a state is read.
_PROBED_LAYERS = {"tcp", "tls", "certificate", "http", "upstream", "websocket"}


def regression_reason(cause: Finding, before: Report, after: Report) -> str | None:
    """Why a fix is not kept; None where it is."""
    for finding in after.causes:
        if _is_same_problem(finding, cause) or _was_symptom(finding, cause, before):
            return f"{finding.check.id} is still there"
    for finding in after.findings:
        root = _root_finding(finding, after)
        if root is not finding and not is_new_finding(root, before):
            continue  # a consequence of what stood before
        if _is_new_error(finding, before) and (
            _worked_before(finding, before, after) or _is_replacement_error(finding, cause, before)
        ):
            return f"{root.check.id} is there now"
    return None


def is_new_finding(finding: Finding, before: Report) -> bool:
    """Whether nothing was said of it before."""
    return not any(_is_same_finding(finding, earlier) for earlier in before.findings)


def _is_same_problem(finding: Finding, cause: Finding) -> bool:
    """The same check about the same: of the rules in a packet's way, each is a cause of its own."""
    return finding.check.id == cause.check.id and str(finding.claim.about) == str(cause.claim.about)


def _was_symptom(finding: Finding, cause: Finding, before: Report) -> bool:
    if _is_in_unedited_file(finding, cause):
        return False
    earlier_findings = [
        earlier
        for earlier in before.findings
        if _is_same_finding(earlier, finding) and _has_same_test_error(earlier, finding)
    ]
    return any(earlier.explained_by == cause.id for earlier in earlier_findings) and not any(
        earlier.is_cause for earlier in earlier_findings
    )


def _is_in_unedited_file(finding: Finding, cause: Finding) -> bool:
    location, fix = finding.claim.location, cause.claim.fix
    edited = {step.path for step in (fix.steps if fix else ()) if isinstance(step, Edit)}
    return location is not None and location.file not in edited


def _has_same_test_error(earlier: Finding, finding: Finding) -> bool:
    """Not so where nginx's test names another fault than before."""
    errors_before, errors_after = (
        {test.fatal.words for test in _nginx_tests(compared) if test.fatal}
        for compared in (earlier, finding)
    )
    return not errors_before or not errors_after or bool(errors_before & errors_after)


def _nginx_tests(finding: Finding) -> Iterator[NginxTest]:
    return (
        observation for observation in finding.claim.because if isinstance(observation, NginxTest)
    )


def _is_new_error(finding: Finding, before: Report) -> bool:
    earlier_errors = (earlier for earlier in before.findings if earlier.severity is Severity.ERROR)
    return finding.severity is Severity.ERROR and not any(
        _is_same_finding(finding, earlier_error) for earlier_error in earlier_errors
    )


def _root_finding(finding: Finding, report: Report) -> Finding:
    return next(
        (candidate for candidate in report.findings if candidate.id == finding.explained_by),
        finding,
    )


def _is_same_finding(finding: Finding, other_finding: Finding) -> bool:
    return finding.check.id == other_finding.check.id and _overlaps(finding, other_finding)


def _overlaps(finding: Finding, other_finding: Finding) -> bool:
    subjects, other_subjects = (
        compared.claim.covers or (compared.claim.about,) for compared in (finding, other_finding)
    )
    return any(
        subject.covers(other_subject) for subject in subjects for other_subject in other_subjects
    )


# What was seen to work


def _worked_before(finding: Finding, before: Report, after: Report) -> bool:
    """Whether all that an error rests on was looked at before and answered, and no error that has
    gone since could have hidden it."""
    observations = list(_supporting_observations(finding))
    if not observations:
        return dict(layer_statuses(before))[finding.check.layer] == "ok"
    succeeded = {
        _probe_key(observation)
        for observation in before.evidence.observations
        if _is_success(observation)
    }
    return all(_probe_key(observation) in succeeded for observation in observations) and not any(
        earlier.severity is Severity.ERROR
        and earlier.check.layer == finding.check.layer
        and _overlaps(earlier, finding)
        and not any(_is_same_finding(earlier, remaining) for remaining in after.findings)
        for earlier in before.findings
    )


def _is_success(observation: Observation) -> bool:
    """nginx's test names one fault, and says nothing of what else there may be; a handshake that
    was refused nothing of how it would have gone on."""
    if isinstance(observation, NginxTest):
        return observation.passed
    if isinstance(observation, Upgrade):
        return observation.accepted
    return observation.failure is None


def _supporting_observations(finding: Finding) -> Iterator[Observation]:
    """What it rests on: the kinds without which its check would say nothing, and whatever was
    tried; else all that it names. A log's line may be there today and not tomorrow."""
    because = finding.claim.because
    needed = [observation for observation in because if type(observation) in finding.check.needs]
    probed = [observation for observation in because if type(observation).layer in _PROBED_LAYERS]
    yield from dict.fromkeys((*needed, *probed)) if needed else because


def _probe_key(observation: Observation) -> tuple[str, str]:
    """What was looked at, and from where. A line of a log is asked for by reading the log."""
    return observation.vantage, observation.equivalent or type(observation).__name__


def _is_replacement_error(finding: Finding, cause: Finding, before: Report) -> bool:
    """Whether a remedy about the certificate has another one served, with this error."""
    if not finding.check.layer == cause.check.layer == "certificate":
        return False
    chains_before = {
        _probe_key(handshake): handshake.chain[0]
        for handshake in before.evidence.of(Handshake)
        if handshake.chain
    }
    return any(
        handshake.chain[0].sha256 != chains_before[_probe_key(handshake)].sha256
        for handshake in _supporting_observations(finding)
        if isinstance(handshake, Handshake)
        and handshake.chain
        and _probe_key(handshake) in chains_before
    )
