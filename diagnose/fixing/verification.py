"""Decides whether a fix helped, by comparing the reports before and after it. No I/O.

A fix did not help if its cause is still there; or if a symptom of it is, and no probe of the
problem that failed before gets further now. If one does, the symptom that is left has another
cause. A symptom in a file that the fix did not edit does not count, because it has a fix of its
own. A fix broke something if there is a new error and everything the error rests on was observed
successfully before, by the same commands.

Any other new finding was only hidden before. A closed port hides what is behind it. Of two errors
of one layer about the same subject, the first may hide the second: a client in a redirect loop
never reaches the application. Such a site did not work before either, and its next error can be
fixed only after it shows. Rolling back would keep both errors for ever.

A certificate is read completely, so none of its faults hides another. If a fix makes the server use
another certificate that has a new error, it replaced one fault by another.
"""

from collections.abc import Iterator

from diagnose.checking.verdicts import is_seen_from_server, layer_statuses
from diagnose.fixing.plan import problem_of
from diagnose.model import Edit, Finding, Observation, Report, Severity
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.nginx import NginxTest
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServerTest

#: Layers in which a probe gets a response; in the other layers, state is read.
_PROBED_LAYERS = {"tcp", "tls", "certificate", "http", "upstream", "websocket"}

#: A configuration's tests: of two errors, a server that starts shows the second.
_TESTS = (NginxTest, WebServerTest)

#: Those in which the server answers a visitor.
_ANSWER_LAYERS = _PROBED_LAYERS - {"tcp"}

#: The statuses of a reverse proxy that does not reach the application (RFC 9110 sections 15.6.3 to
#: 15.6.5), and of an application that gets no Upgrade (section 15.5.22).
_FRONT_STATUSES = {None, 426, 502, 503, 504}


def regression_reason(cause: Finding, before: Report, after: Report) -> str | None:
    """Return why a fix must be rolled back; None if it is kept."""
    # A symptom that is fixed in its cause's place takes that cause with it, or it was a symptom.
    problems = {problem_of(cause), problem_of(_root_finding(cause, before))}
    for finding in after.findings if cause.is_symptom else after.causes:
        if problem_of(finding) in problems or (
            _was_symptom(finding, cause, before) and not _has_progressed(cause, before, after)
        ):
            return f"{finding.check.id} is still there"
    for finding in after.findings:
        root = _root_finding(finding, after)
        if root is not finding and not is_new_finding(root, before):
            continue  # a symptom of an earlier problem
        if _is_new_error(finding, before) and (
            _worked_before(finding, before, after) or _is_replacement_error(finding, cause, before)
        ):
            return f"{root.check.id} is there now"
    return None


def is_new_finding(finding: Finding, before: Report) -> bool:
    """Return True if no earlier finding is the same."""
    return not any(_is_same_finding(finding, earlier) for earlier in before.findings)


def _was_symptom(finding: Finding, cause: Finding, before: Report) -> bool:
    if _is_in_unedited_file(finding, cause) or _is_behind_the_way_in(finding, cause, before):
        return False
    earlier_findings = [
        earlier
        for earlier in before.findings
        if _is_same_finding(earlier, finding) and _has_same_test_error(earlier, finding)
    ]
    return any(earlier.explained_by == cause.id for earlier in earlier_findings) and not any(
        earlier.is_cause for earlier in earlier_findings
    )


def _has_progressed(cause: Finding, before: Report, after: Report) -> bool:
    """Return True if a probe that showed the problem, as the cause or as a symptom of it, gets
    further now."""
    reached_before: dict[tuple[str, str], int] = {}
    for finding in before.findings:
        if cause.id in {finding.id, finding.explained_by}:
            for observation in finding.claim.because:
                is_probe = type(observation).layer in _PROBED_LAYERS
                if is_probe or isinstance(observation, _TESTS):
                    key, reached = _probe_key(observation), _stage(observation)
                    reached_before[key] = max(reached, reached_before.get(key, reached))
    reached_after: dict[tuple[str, str], int] = {}
    for observation in after.evidence.observations:
        key, reached = _probe_key(observation), _stage(observation)
        reached_after[key] = min(reached, reached_after.get(key, reached))
    return any(reached_after.get(key, 0) > reached for key, reached in reached_before.items())


def _stage(observation: Observation) -> int:
    """Return how far a probe gets: 0 if it fails, or what is in front of the application answers
    in its place; 1 if another error comes; 2 if there is no fault. The test of a configuration that
    is refused gets to 0, that of a valid one to 2."""
    if isinstance(observation, _TESTS):
        return 2 if observation.passed else 0
    if not observation.shows_fault:
        return 2
    if not isinstance(observation, Exchange | Upgrade) or observation.failure is not None:
        return 0
    return int(observation.status not in _FRONT_STATUSES)


def _is_behind_the_way_in(finding: Finding, cause: Finding, before: Report) -> bool:
    """Return True if the server's own visits met a finding behind what only visitors from elsewhere
    pass: its kernel forwards and refuses nothing of what it sends to itself."""
    is_answer = finding.check.layer in _ANSWER_LAYERS
    return is_answer and cause.check.judges_the_way_in and is_seen_from_server(before)


def _is_in_unedited_file(finding: Finding, cause: Finding) -> bool:
    location, fix = finding.claim.location, cause.claim.fix
    edited = {step.path for step in (fix.steps if fix else ()) if isinstance(step, Edit)}
    return location is not None and location.file not in edited


def _has_same_test_error(earlier: Finding, finding: Finding) -> bool:
    """Return False if nginx's test reports a different error than before."""
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


# Successful observations before the fix


def _worked_before(finding: Finding, before: Report, after: Report) -> bool:
    """Return True if everything that an error rests on was observed successfully before, and no
    error that has disappeared since could have hidden it."""
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
    """Return True if the observation excludes errors. A failed nginx test names only one of several
    errors; a refused handshake does not show how it would have continued."""
    if isinstance(observation, NginxTest):
        return observation.passed
    if isinstance(observation, Upgrade):
        return observation.accepted
    return observation.failure is None


def _supporting_observations(finding: Finding) -> Iterator[Observation]:
    """Yield the observations that a finding rests on: the kinds that its check needs and all
    probes; or all of `because` if it has none of the needed kinds. Log lines do not count, because
    they come and go."""
    because = finding.claim.because
    needed = [observation for observation in because if type(observation) in finding.check.needs]
    probed = [observation for observation in because if type(observation).layer in _PROBED_LAYERS]
    yield from dict.fromkeys((*needed, *probed)) if needed else because


def _probe_key(observation: Observation) -> tuple[str, str]:
    """Return what was observed and from where. A log line has the command that reads the log."""
    return observation.vantage, observation.equivalent or type(observation).__name__


def _is_replacement_error(finding: Finding, cause: Finding, before: Report) -> bool:
    """Return True if a fix for the certificate changed the served certificate, and the new one has
    this error."""
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
