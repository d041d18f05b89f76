"""Which requests of a log alone have what a pasted message says: this run did not meet it. Pure."""

from dataclasses import replace

from diagnose.checking.met_symptoms import is_met
from diagnose.model import Evidence
from diagnose.model.logs import FailedRequests


def logged_alone(evidence: Evidence) -> FailedRequests | None:
    """Return the request of the log that has the status of the message, if this run met it nowhere
    else; None if it did, or no log has it."""
    symptom = evidence.target.symptom
    logged = evidence.good(FailedRequests)
    if symptom is None or not logged:
        return None
    rest = tuple(
        observation
        for observation in evidence.observations
        if not isinstance(observation, FailedRequests)
    )
    if is_met(replace(evidence, observations=rest), symptom):
        return None
    return next((each for each in logged if is_met(_with(evidence, each), symptom)), None)


def _with(evidence: Evidence, failure: FailedRequests) -> Evidence:
    return replace(evidence, observations=(failure,))
