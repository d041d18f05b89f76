"""The status of each layer, the reason if it is unknown or skipped, and its duration."""

from diagnose.checking.proof import (
    TARGET_LAYERS,
    layer_observations,
    missing_in_layer,
    unfinished_reasons,
)
from diagnose.checking.verdicts import LayerStatus, layer_statuses
from diagnose.i18n import failures
from diagnose.i18n.reports import translate
from diagnose.model import Observation, Report, Vantage
from diagnose.model.frozen import frozen
from diagnose.outputs import finding_text
from diagnose.outputs.evidence_gaps import missing_with_reason, unfinished_texts

_INSIDE = {"listener", "firewall", "nginx", "server", "upstream"}


@frozen
class Layer:
    """The status of a layer. `took` is the longest single observation in seconds, because probes
    run concurrently."""

    name: str
    status: LayerStatus
    reason: str | None
    took: float | None


def layer_states(report: Report, lang: str) -> tuple[Layer, ...]:
    """Return all layers in order, including skipped ones."""
    return tuple(
        _layer_state(report, name, status, lang) for name, status in layer_statuses(report)
    )


def _layer_state(report: Report, name: str, status: LayerStatus, lang: str) -> Layer:
    reason = None
    if status == "unknown":
        reason = _unknown_reason(report, name, lang)
    elif status == "skipped" and not report.running:  # it may still be reached
        skip_reason = _skip_reason(report, name)
        reason = translate(skip_reason, lang) if skip_reason else None
    return Layer(name, status, reason, _longest_duration(layer_observations(report, name)))


def _unknown_reason(report: Report, name: str, lang: str) -> str | None:
    """Return what is missing, or else the first failure, or else why the run did not finish."""
    missing_texts = [missing_with_reason(piece, lang) for piece in missing_in_layer(report, name)]
    if missing_texts and name in TARGET_LAYERS:
        return translate("missing", lang, what=finding_text.join_texts(missing_texts, lang))
    messages = (
        failures.text(observation.failure.message, lang)
        for observation in layer_observations(report, name)
        if observation.failure
    )
    return next(messages, None) or next(
        iter(unfinished_texts(unfinished_reasons(report), lang)), None
    )


def _skip_reason(report: Report, name: str) -> str:
    """Return the key of the reason; "" if there is nothing to say, as of a cloud's rules where no
    machine is known to be in a cloud."""
    if any(item.suppressed_by and item.check.layer == name for item in report.findings):
        return "reason.ignored"
    is_without_websocket = name == "websocket" and not report.evidence.target.websockets
    if is_without_websocket or name in report.evidence.scope.skip:
        return "reason.not-asked"
    if name == "cloud":
        # By its name: the kinds of a cloud are not imported where nothing was seen of one.
        kinds = {type(observation).__name__ for observation in report.evidence.observations}
        return "reason.not-read" if "CloudMachine" in kinds else ""
    from_server = [
        observation
        for observation in report.evidence.observations
        if observation.vantage is Vantage.SERVER
    ]
    if name in _INSIDE and not from_server:
        return "reason.inside"
    is_unused = (
        (name == "server" and any(observation.layer == "listener" for observation in from_server))
        or (name == "upstream" and _is_answered_by_nginx(report))
        or any(
            observation.layer == name and observation.shows_absence for observation in from_server
        )
    )
    return "reason.not-used" if is_unused else "reason.not-reached"


def _is_answered_by_nginx(report: Report) -> bool:
    """Return True if HTTP works and nginx's configuration was read: each application in it would
    have been contacted."""
    kinds = {
        type(observation).__name__
        for observation in report.evidence.observations
        if observation.failure is None
    }
    return "NginxConfig" in kinds and dict(layer_statuses(report))["http"] in {"ok", "warning"}


def _longest_duration(observations: tuple[Observation, ...]) -> float | None:
    successful = [observation for observation in observations if observation.failure is None]
    return max((observation.took for observation in successful or observations), default=None)
