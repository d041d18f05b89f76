"""What a run did not see, and why, for all writers."""

from collections.abc import Iterable, Iterator

from diagnose.checking.proof import REST_OF_RUN, UnfinishedReason
from diagnose.checking.target_proof import MissingProof
from diagnose.checking.verdicts import verdict
from diagnose.i18n import failures
from diagnose.i18n.reports import translate
from diagnose.model import (
    Observation,
    Report,
    Unseen,
)
from diagnose.model.view import View
from diagnose.outputs.finding_text import join_texts, rerun_command

_REASONS: dict[UnfinishedReason, str] = {
    "crash": "our-fault",
    "interrupted": "it-was-interrupted",
    "deadline": "deadline",
    "running": "running",
}


def unfinished_texts(unfinished: Iterable[UnfinishedReason], lang: str) -> list[str]:
    """Return why a run did not finish."""
    return [translate(_REASONS[reason], lang) for reason in unfinished]


def missing_text(piece: MissingProof, lang: str) -> str:
    """Return what is missing, as a noun."""
    layer = translate(f"layer.{piece.layer}", lang)
    return translate(
        f"missing.{piece.step}", lang, places=join_texts(piece.places, lang), layer=layer
    )


def missing_reason(piece: MissingProof, lang: str) -> str:
    """Return how the last attempt ended; "" if there was none."""
    outcomes = (_attempt_outcome(attempt, lang) for attempt in reversed(piece.attempts))
    return next(filter(None, outcomes), "")


def _attempt_outcome(attempt: Observation, lang: str) -> str:
    if attempt.failure is not None:
        return failures.text(attempt.failure.message, lang)
    status = getattr(attempt, "status", None)
    refused_status = type(attempt).__name__ == "Upgrade" and status
    return f"{status} {getattr(attempt, 'reason', '')}".rstrip() if refused_status else ""


def missing_with_reason(piece: MissingProof, lang: str) -> str:
    """Return what is missing, and how the last attempt at it ended."""
    text, reason = missing_text(piece, lang), missing_reason(piece, lang)
    return translate("missing.why", lang, what=text, why=reason) if reason else text


def evidence_gaps(report: Report, view: View) -> tuple[Unseen, ...]:
    """Return what could not be observed, each item once, what is missing for a verdict, and what
    no run tries, with the command that observes it."""
    gaps = [*missing_evidence(report, view), *_untried_gaps(report, view)]
    return tuple({(gap.what, gap.why): gap for gap in gaps}.values())


def missing_evidence(report: Report, view: View) -> tuple[Unseen, ...]:
    """Return what could not be observed, and what is missing for a verdict."""
    unseen = (gap for gap in report.evidence.of(Unseen) if not _is_seen_later(gap, report))
    return (*unseen, *_unproved_gaps(report, view))


def _is_seen_later(gap: Unseen, report: Report) -> bool:
    """Return whether the configuration that was out of reach at first was read all the same: of an
    nginx in a container behind another web server, as soon as it mattered."""
    if (gap.what, gap.why) != ("nginx's configuration", "it runs in a container"):
        return False
    # Imported late: on most servers this was not missed.
    from diagnose.model.nginx import ContainerNginx

    return any(config.main for config in report.evidence.good(ContainerNginx))


def _unproved_gaps(report: Report, view: View) -> Iterator[Unseen]:
    outcome = verdict(report)
    enable_commands = [gap.enable for gap in report.evidence.of(Unseen) if gap.what == REST_OF_RUN]
    for piece in outcome.missing:
        failed_commands = [attempt.equivalent for attempt in piece.attempts if attempt.failure]
        reason = missing_reason(piece, view.lang)
        if not reason:
            causes = unfinished_texts(outcome.unfinished, view.lang)
            reason = next(iter(causes), translate("reason.not-reached", view.lang))
        enable = next(filter(None, reversed(failed_commands)), "") or next(
            iter(enable_commands), rerun_command(report, view)
        )
        yield Unseen(what=missing_text(piece, view.lang), why=reason, enable=enable)


def _untried_gaps(report: Report, view: View) -> Iterator[Unseen]:
    """Yield what no run tries, where the site works: a person may see it fail."""
    target = report.evidence.target
    if (
        verdict(report).status in {"ok", "warning"}
        and not target.is_websocket
        and target.symptom is None
    ):
        yield Unseen(
            what="forms, uploads, sign-in, other pages, other clients and other networks",
            why="if something fails there, give its error message",
            enable=f"{rerun_command(report, view)} 'MESSAGE'",
        )


def is_reported_crash(gap: Unseen, report: Report) -> bool:
    """Return True if the writer already lists this gap as a crash with its message."""
    return any(crash.where == gap.what for crash in report.crashes)
