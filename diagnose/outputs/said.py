"""A finding's words, its steps and the verdict's sentence, for every writer alike."""

import shlex

from diagnose.model import Command, Confidence, Edit, Finding, Manual, Report, Step, Unseen
from diagnose.model.risk import Risk, risks
from diagnose.outputs import View
from diagnose.outputs.strings import known, say
from diagnose.reasoning import verdict
from diagnose.words import Words, fill, words


class Facts(dict[str, object]):
    """Facts in which one that was forgotten is marked, and stops nothing."""

    def __missing__(self, key: str) -> str:
        return f"‹{key}›"


def _filled(finding: Finding, text: str, lang: str) -> str:
    return fill(text, Facts(finding.claim.facts), lang)


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
    target = report.evidence.target
    own = {target.path} if target.scheme in {"ws", "wss"} else set()
    sockets = [word for path in target.websockets if path not in own for word in ("--ws", path)]
    return shlex.join(["diagnose", target.url, *sockets, *view.again, *more])


def explain(finding: Finding) -> str:
    return f"diagnose explain {finding.check.id}"


def sentence(report: Report, lang: str) -> str:
    """The verdict in one sentence."""
    url, judged = report.evidence.target.url, verdict(report)
    if judged.causes:
        return _cause(judged.causes, lang)
    if judged.status == "ok":
        return say("healthy", lang, url=url)
    why = _why_unjudged(report, lang)
    return say("unjudged-why", lang, url=url, why=why) if why else say("unjudged", lang, url=url)


def _why_unjudged(report: Report, lang: str) -> str:
    """Our own fault, else what could not be looked at, else how the furthest attempt failed."""
    if report.crashes:
        return say("our-fault", lang)
    if report.interrupted:
        return say("interrupted-why", lang)
    reasons = [known(one.why, lang) for one in unseen(report)]
    failed = [one.failure.message for one in report.evidence.observations if one.failure]
    return next(iter([*reasons, *reversed(failed)]), "").rstrip(".。")


def _cause(causes: tuple[Finding, ...], lang: str) -> str:
    text = title(causes[0], lang)
    if causes[0].claim.confidence is not Confidence.CERTAIN:
        text = say(f"{causes[0].claim.confidence}-title", lang, title=text)
    if len(causes) > 1:
        text = say("more-causes", lang, title=text, count=len(causes) - 1)
    return text


def unseen(report: Report) -> tuple[Unseen, ...]:
    """What could not be looked at, each thing once."""
    found = {(one.what, one.why): one for one in report.evidence.of(Unseen)}
    return tuple(found.values())


def symptoms(report: Report, finding: Finding) -> tuple[Finding, ...]:
    return tuple(one for one in report.findings if one.explained_by == finding.id)
