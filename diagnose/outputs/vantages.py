"""What each place got of the target (`--vantage`), side by side with this machine, and what the
server behind a CDN answers (`--origin-address`): one line for each place and address."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from diagnose.i18n import failures
from diagnose.i18n.reports import translate
from diagnose.model import Failure, Observation, Report, Vantage
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake

if TYPE_CHECKING:
    from diagnose.model.vantages import VantagePoint, VantageVisit


def has_vantages(report: Report) -> bool:
    return any(
        observation.vantage is Vantage.ELSEWHERE for observation in report.evidence.observations
    )


def vantage_lines(report: Report, lang: str) -> list[str]:
    """Return the lines; none for a run without other places."""
    origin = list(_origin_lines(report, lang))
    if not has_vantages(report):
        return [*_own_lines(report, lang), *origin] if origin else []
    from diagnose.model.vantages import VantagePoint

    lines = [*_own_lines(report, lang), *origin]
    for point in report.evidence.of(VantagePoint):
        lines += _point_lines(report, point, lang)
    return lines


def vantage_objects(report: Report) -> list[dict[str, object]]:
    """Return the places for programs: where, and whether each could be used."""
    if not has_vantages(report):
        return []
    from diagnose.model.vantages import VantagePoint

    return [
        {
            "via": point.place,
            "location": point.location,
            "usable": point.failure is None,
            "published": point.published or None,
        }
        for point in report.evidence.of(VantagePoint)
    ]


def _own_lines(report: Report, lang: str) -> Iterator[str]:
    """Return what this machine got, at each address that it tried."""
    evidence = report.evidence
    addresses = dict.fromkeys(
        connection.address
        for connection in evidence.of(Connection)
        if connection.purpose == "target" and connection.vantage is Vantage.HERE
    )
    here_label = translate("vantage.here", lang)
    for address in addresses:
        yield _line(here_label, address, _own_outcome(report, address, lang), lang)


def _origin_lines(report: Report, lang: str) -> Iterator[str]:
    """Return what the server behind the site answers: the last visit to it."""
    visits = [
        observation
        for observation in report.evidence.observations
        if type(observation).__name__ == "OriginVisit"
    ]
    if not visits:
        return
    from diagnose.model.origin import OriginVisit

    for visit in report.evidence.of(OriginVisit)[-1:]:
        if visit.status is not None:
            outcome = translate("vantage.answered", lang, status=visit.status)
        else:
            key = "vantage.no-tls" if visit.connected else "vantage.no-connection"
            key = "vantage.no-answer" if visit.secured else key
            outcome = _failure_text(key, visit.failure or Failure("other", "?"), lang)
        yield _line(translate("vantage.origin", lang), visit.address, outcome, lang)


def _own_outcome(report: Report, address: str, lang: str) -> str:
    port = report.evidence.target.port

    def own(kind: type[Connection] | type[Handshake] | type[Exchange]) -> list[Observation]:
        return [
            observation
            for observation in report.evidence.of(kind)
            if observation.address == address
            and observation.port == port
            and observation.vantage is Vantage.HERE
        ]

    pages = [item for item in own(Exchange) if isinstance(item, Exchange)]
    for page in pages:
        if page.purpose == "target" and page.status is not None:
            return translate("vantage.answered", lang, status=page.status)
    secured = [item for item in own(Handshake) if not item.failure]
    failed = next((item.failure for item in own(Handshake) if item.failure), None)
    if failed and not secured:
        return _failure_text("vantage.no-tls", failed, lang)
    opened = [item for item in own(Connection) if not item.failure]
    failed = next((item.failure for item in own(Connection) if item.failure), None)
    if failed and not opened:
        return _failure_text("vantage.no-connection", failed, lang)
    return translate("vantage.connected", lang)


def _point_lines(report: Report, point: "VantagePoint", lang: str) -> Iterator[str]:
    from diagnose.model.vantages import VantageResolution, page_visits, visit_place

    place = visit_place(point)
    if point.failure:
        yield translate(
            "vantage.unusable", lang, place=place, reason=failures.text(point.failure.message, lang)
        )
        return
    for lookup in report.evidence.of(VantageResolution):
        if visit_place(lookup) == place and lookup.failure:
            text = _failure_text("vantage.no-address", lookup.failure, lang)
            yield _line(place, lookup.name, text, lang)
    for (visitor, address), visits in page_visits(report.evidence).items():
        if visitor == place:
            outcome = _visit_outcome(visits, report.evidence.target.uses_tls, lang)
            yield _line(place, address, outcome, lang)


def _visit_outcome(visits: "tuple[VantageVisit, ...]", uses_tls: bool, lang: str) -> str:
    """Return the outcome of the visit that came farthest."""
    best = max(
        visits, key=lambda visit: (visit.status is not None, bool(visit.secured), visit.connected)
    )
    if best.status is not None:
        return translate("vantage.answered", lang, status=best.status)
    if best.failure is None:
        return translate("vantage.connected", lang)
    if not best.connected:
        return _failure_text("vantage.no-connection", best.failure, lang)
    key = "vantage.no-tls" if uses_tls and best.secured is False else "vantage.no-answer"
    return _failure_text(key, best.failure, lang)


def _failure_text(key: str, failure: Failure, lang: str) -> str:
    return translate(key, lang, reason=failures.text(failure.message, lang))


def _line(place: str, address: str, outcome: str, lang: str) -> str:
    return translate("vantage.line", lang, place=place, address=address, outcome=outcome)
