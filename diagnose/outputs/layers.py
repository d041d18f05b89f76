"""Each layer's state, with the reason why it is not known, and how long it took."""

from diagnose.checking.proof import TARGET_LAYERS, looks, missing, unfinished
from diagnose.checking.root_cause import LayerStatus, layers
from diagnose.i18n.reports import say
from diagnose.model import Observation, Report, Vantage
from diagnose.model.frozen import frozen
from diagnose.outputs import finding_text

_INSIDE = {"listener", "firewall", "nginx", "upstream"}


@frozen
class Layer:
    """`took` is the longest single look, in seconds: looks go on side by side."""

    name: str
    status: LayerStatus
    reason: str | None
    took: float | None


def states(report: Report, lang: str) -> tuple[Layer, ...]:
    """All layers in their order, those at which nobody looked among them."""
    return tuple(_state(report, name, status, lang) for name, status in layers(report))


def _state(report: Report, name: str, status: LayerStatus, lang: str) -> Layer:
    reason = None
    if status == "unknown":
        reason = _why_unknown(report, name, lang)
    elif status == "skipped":
        reason = say(_why_skipped(report, name), lang)
    return Layer(name, status, reason, _took(looks(report, name)))


def _why_unknown(report: Report, name: str, lang: str) -> str | None:
    """What was not seen of it, else how a look at it failed, else why the run has no end."""
    pieces = [finding_text.missing_because(piece, lang) for piece in missing(report, name)]
    if pieces and name in TARGET_LAYERS:
        return say("missing", lang, what=finding_text.listed(pieces, lang))
    failures = (look.failure.message for look in looks(report, name) if look.failure)
    return next(failures, None) or next(iter(finding_text.reasons(unfinished(report), lang)), None)


def _why_skipped(report: Report, name: str) -> str:
    if name == "websocket" and not report.evidence.target.websockets:
        return "reason.not-asked"
    if name == "cloud":
        return "reason.not-read"
    inside = any(one.vantage is Vantage.SERVER for one in report.evidence.observations)
    return "reason.inside" if name in _INSIDE and not inside else "reason.not-reached"


def _took(seen: tuple[Observation, ...]) -> float | None:
    good = [look for look in seen if look.failure is None]
    return max((look.took for look in good or seen), default=None)
