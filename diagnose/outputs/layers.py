"""Each layer's state, with the reason why it is not known, and how long it took."""

from diagnose.frozen import frozen
from diagnose.model import Observation, Report, Vantage
from diagnose.outputs.strings import say
from diagnose.reasoning import LayerStatus, layers

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
    seen = [one for one in report.evidence.observations if type(one).layer == name]
    if name == "certificate" and not seen:
        # A certificate is seen in the handshake that brings it.
        seen = [one for one in report.evidence.observations if getattr(one, "chain", ())]
        status = "ok" if seen and status == "skipped" else status
    reason = None
    if status == "unknown":
        reason = next((one.failure.message for one in seen if one.failure), None)
    elif status == "skipped":
        reason = say(_why_skipped(report, name), lang)
    return Layer(name, status, reason, _took(seen))


def _why_skipped(report: Report, name: str) -> str:
    if name == "websocket" and not report.evidence.target.websockets:
        return "reason.not-asked"
    if name == "cloud":
        return "reason.not-read"
    inside = any(one.vantage is Vantage.SERVER for one in report.evidence.observations)
    return "reason.inside" if name in _INSIDE and not inside else "reason.not-reached"


def _took(seen: list[Observation]) -> float | None:
    good = [one for one in seen if one.failure is None]
    return max((one.took for one in good or seen), default=None)
