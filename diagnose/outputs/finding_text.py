"""A finding's words, its steps and the verdict's sentence, for every writer alike."""

import shlex
from collections.abc import Iterable, Iterator

from diagnose.checking.proof import REST, Missing, Reason
from diagnose.checking.root_cause import UNANSWERED, verdict
from diagnose.checking.texts import Words, fill, words
from diagnose.i18n.reports import say
from diagnose.model import (
    Command,
    Confidence,
    Edit,
    Finding,
    Manual,
    Observation,
    Report,
    Scope,
    Step,
    Unseen,
)
from diagnose.model.risk import Risk, risks
from diagnose.model.view import View
from diagnose.probes import command


class Facts(dict[str, object]):
    """Facts in which one that was forgotten is marked, and stops nothing."""

    def __missing__(self, key: str) -> str:
        return f"‹{key}›"


def facts(finding: Finding) -> Facts:
    """What fills a finding's texts. A place in the file to which the finding points has the line to
    which it points: a directive and the block around it are one fault."""
    filling, location = Facts(finding.claim.facts), finding.claim.location
    place = filling.get("place")
    file, _, line = place.rpartition(":") if isinstance(place, str) else ("", "", "")
    if location and file == location.file and line.isdecimal():
        filling["place"] = f"{file}:{location.line}"
    return filling


def _filled(finding: Finding, text: str, lang: str) -> str:
    return fill(text, facts(finding), lang)


def _words(finding: Finding, lang: str) -> Words:
    return words(finding.check.id, lang)


def title(finding: Finding, lang: str) -> str:
    return _filled(finding, _words(finding, lang).title, lang)


def summary(finding: Finding, lang: str) -> str:
    return _filled(finding, _words(finding, lang).summary, lang)


def remedy(finding: Finding, lang: str) -> str:
    """What to do, in prose; the steps come apart from it."""
    return _filled(finding, _words(finding, lang).remedy, lang).replace("{{fix}}", "").strip()


def manual(finding: Finding, step: Manual, lang: str) -> str:
    """What the person does in a step that only a person can do."""
    texts = _words(finding, lang).steps
    return _filled(finding, texts.get(step.step, step.step), lang)


def shell(step: Command | Edit) -> str:
    """A step as it is typed. `patch` is given the file: by itself it refuses absolute paths."""
    if isinstance(step, Command):
        return shlex.join(step.argv)
    diff = step.diff if step.diff.endswith("\n") else f"{step.diff}\n"
    end = "DIAGNOSE"
    while end in diff.split("\n"):  # a line of the diff must not end it
        end += "_"
    return f"{shlex.join(('patch', step.path))} <<'{end}'\n{diff}{end}"


def steps(finding: Finding) -> tuple[Step, ...]:
    return finding.claim.fix.steps if finding.claim.fix else ()


def applicability(finding: Finding) -> str:
    return str(finding.claim.fix.applicability if finding.claim.fix else "manual")


def risk_kinds(finding: Finding) -> tuple[Risk, ...]:
    return risks(steps(finding)) if steps(finding) else (Risk.BY_HAND,)


def risk(finding: Finding, lang: str) -> str:
    """What the remedy puts at risk, in a few words."""
    words = [say(f"risk.{one}", lang) for one in risk_kinds(finding)]
    return say("risk.and", lang).join(words or [say("risk.none", lang)])


def root(step: Step) -> bool:
    """Whether it is typed as root. What is done in a console or by hand is not."""
    if isinstance(step, Manual):
        return any(one.root for one in step.commands)
    return step.root


def verify(report: Report, finding: Finding, view: View) -> str:
    """The command that looks again, at the layer in which the fault was felt."""
    return again(report, view, "--only", felt(report, finding))


def felt(report: Report, finding: Finding) -> str:
    """The layer in which a fault was felt."""
    return (*symptoms(report, finding), finding)[0].check.layer


def again(report: Report, view: View, *more: str) -> str:
    """The command that makes this run once more."""
    address = visitor(report)
    judged = ("--from", address) if address and "--from" not in view.again else ()
    return command(report.evidence.target, *view.again, *judged, *more)


def explain(finding: Finding) -> str:
    return f"diagnose explain {finding.check.id}"


def sentence(report: Report, lang: str) -> str:
    """The verdict in one sentence."""
    url, judged = report.evidence.target.url, verdict(report)
    if judged.causes:
        return _cause(judged.causes, lang)
    if judged.status == "ok":
        return _healthy(report.evidence.scope, url, lang)
    why = reasons(judged.unfinished, lang)
    if judged.missing:
        pieces = [missing_because(piece, lang) for piece in judged.missing]
        why.append(say("missing", lang, what=listed(pieces, lang)))
    unanswered = (finding for finding in report.findings if finding.check.id in UNANSWERED)
    why += [title(finding, lang) for finding in unanswered]
    return say("unjudged-why", lang, url=url, why=("；" if lang == "zh" else "; ").join(why))


def visitor(report: Report) -> str:
    """The address of the visitor for whom it was judged (`--from`), "" for anybody."""
    by_name = (one for one in report.evidence.observations if type(one).__name__ == "Visitor")
    return next((getattr(one, "address", "") for one in by_name), "")


_REASONS: dict[Reason, str] = {
    "crash": "our-fault",
    "interrupted": "it-was-interrupted",
    "deadline": "deadline",
    "running": "running",
}


def reasons(unfinished: Iterable[Reason], lang: str) -> list[str]:
    """Why a run did not come to its end."""
    return [say(_REASONS[reason], lang) for reason in unfinished]


def _healthy(scope: Scope, url: str, lang: str) -> str:
    """Healthy as far as it was judged, and how far that was."""
    if scope.only or scope.skip:
        names = [say(f"layer.{layer}", lang) for layer in scope.only or scope.skip]
        key = "healthy-only" if scope.only else "healthy-but"
        return say(key, lang, url=url, layers=listed(names, lang))
    return say("healthy" if scope.outside else "healthy-inside", lang, url=url)


def listed(texts: Iterable[str], lang: str) -> str:
    """ "a, b"."""
    return ("、" if lang == "zh" else ", ").join(texts)


def missing(piece: Missing, lang: str) -> str:
    """What was not seen, as a noun."""
    layer = say(f"layer.{piece.layer}", lang)
    return say(f"missing.{piece.step}", lang, places=listed(piece.places, lang), layer=layer)


def why_missing(piece: Missing) -> str:
    """How the last attempt at it ended, in the machine's own words; empty if there was none."""
    return next(filter(None, map(_ended, reversed(piece.attempts))), "")


def _ended(attempt: Observation) -> str:
    if attempt.failure is not None:
        return attempt.failure.message
    status = getattr(attempt, "status", None)
    refused = type(attempt).__name__ == "Upgrade" and status
    return f"{status} {getattr(attempt, 'reason', '')}".rstrip() if refused else ""


def missing_because(piece: Missing, lang: str) -> str:
    """The same, and how the last attempt at it ended."""
    what, why = missing(piece, lang), why_missing(piece)
    return say("missing.why", lang, what=what, why=why) if why else what


def _cause(causes: tuple[Finding, ...], lang: str) -> str:
    text = title(causes[0], lang)
    if causes[0].claim.confidence is not Confidence.CERTAIN:
        text = say(f"{causes[0].claim.confidence}-title", lang, title=text)
    if len(causes) > 1:
        text = say("more-causes", lang, title=text, count=len(causes) - 1)
    return text


def unseen(report: Report, view: View) -> tuple[Unseen, ...]:
    """What could not be looked at, each thing once; and what a target that could not be judged
    lacks, with the command that looks for it."""
    things = [*report.evidence.of(Unseen), *_lacking(report, view)]
    return tuple({(thing.what, thing.why): thing for thing in things}.values())


def _lacking(report: Report, view: View) -> Iterator[Unseen]:
    judged = verdict(report)
    rest = [thing.enable for thing in report.evidence.of(Unseen) if thing.what == REST]
    for piece in judged.missing:
        tried = [attempt.equivalent for attempt in piece.attempts if attempt.failure]
        why = why_missing(piece)
        if not why:
            unfinished = reasons(judged.unfinished, view.lang)
            why = next(iter(unfinished), say("reason.not-reached", view.lang))
        enable = next(filter(None, reversed(tried)), "") or next(iter(rest), again(report, view))
        yield Unseen(what=missing(piece, view.lang), why=why, enable=enable)


def is_crash(thing: Unseen, report: Report) -> bool:
    """Whether a writer names it among our own faults, with what went wrong."""
    return any(crash.where == thing.what for crash in report.crashes)


def symptoms(report: Report, finding: Finding) -> tuple[Finding, ...]:
    return tuple(one for one in report.findings if one.explained_by == finding.id)


#: Days up to which they are counted; for longer a date says more.
_COUNTED = 730


def validity(report: Report, lang: str) -> str:
    """How long the certificate that ends first is valid, "" where none was read."""
    chains = (chain for one in report.evidence.observations if (chain := getattr(one, "chain", ())))
    ends = [chain[0].not_after for chain in chains if chain[0].not_after is not None]
    if not ends:
        return ""
    days = (min(ends) - report.evidence.started_at).days
    if days > _COUNTED:
        return say("certificate-until", lang, date=f"{min(ends):%Y-%m-%d}")
    return say("certificate-days", lang, days=days)
