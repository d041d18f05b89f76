"""What findings rest on that are read from nginx's files, if the running nginx has not loaded these
files, or refuses them; and edits after which nginx would refuse them, or would no longer answer
what it answers today. No I/O."""

from collections.abc import Sequence
from dataclasses import replace

from diagnose.checking.edited_files import with_edited_files
from diagnose.checking.kept_answers import lost_answers
from diagnose.model import (
    Applicability,
    Check,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Step,
    Vantage,
    Where,
)
from diagnose.model.logs import LogLine
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxState, NginxTest
from diagnose.parsers.nginx.edits import apply_patch
from diagnose.parsers.nginx.patch_faults import patch_faults

#: Most lines of a patch that a person is told.
_MAX_LINES = 12


def as_loaded(evidence: Evidence, check: Check, claim: Claim) -> Claim:
    """Return the claim without a patch that cannot be loaded, with what is to be known of the files
    that a patch edits, and no surer than its files are."""
    return _likely(evidence, with_edited_files(evidence, _without_patch(evidence, check, claim)))


def _without_patch(evidence: Evidence, check: Check, claim: Claim) -> Claim:
    """Leave out a patch of a configuration that nginx refuses, but for that of the check that says
    why: it could not be loaded, and after that other patch it may not apply. Beside the words for a
    person it is left out alone. Where it is the whole remedy, a person makes the change by hand."""
    if claim.fix is None or not claim.fix.edits or _corrects(check, claim):
        return claim
    if not _is_loadable(evidence, claim, claim.fix.steps):
        return _by_hand(evidence, claim, claim.fix)
    steps = tuple(
        replace(step, commands=())
        if isinstance(step, Manual) and not _is_loadable(evidence, claim, step.commands)
        else step
        for step in claim.fix.steps
    )
    is_changed = steps != claim.fix.steps
    return replace(claim, fix=replace(claim.fix, steps=steps)) if is_changed else claim


def _by_hand(evidence: Evidence, claim: Claim, fix: Fix) -> Claim:
    """Return the claim with a step for a person in the place of its patch: the lines of the first
    file, and what is in their way."""
    paths = dict.fromkeys(edit.path for edit in fix.edits)
    path = next(iter(paths))
    lines = [
        (line[0], " ".join(line[1:].split()))
        for edit in fix.edits
        if edit.path == path
        for line in edit.diff.splitlines()
        if line[:1] in {"+", "-"} and not line.startswith(("+++ ", "--- "))
    ]
    added, removed = (" ".join(text for sign, text in lines if sign == own) for own in "+-")
    is_short = len(lines) <= _MAX_LINES
    is_refused = any(not test.passed for test in evidence.good(NginxTest))
    facts = {
        "patch_file": path,
        "patch_files": tuple(list(paths)[1:]),
        "patch_added": added if is_short else "",
        "patch_removed": removed if is_short else "",
        "patch_refused_now": is_refused,
        "patch_lost": () if is_refused else _lost_paths(evidence, claim, fix),
    }
    step = Manual("change-by-hand", Where.SERVER)
    return replace(claim, facts={**claim.facts, **facts}, fix=Fix((step,), Applicability.MANUAL))


def _lost_paths(evidence: Evidence, claim: Claim, fix: Fix) -> tuple[str, ...]:
    """Return the paths of the site that would come no more after the edits of a fix."""
    for config in evidence.good(NginxConfig):
        texts = _edited_texts(config, fix.edits)
        if texts:
            return lost_answers(evidence, claim, config, texts)
    return ()


def _is_loadable(evidence: Evidence, claim: Claim, steps: Sequence[Step]) -> bool:
    """Return whether nginx would load its files after the edits among these steps, and would still
    answer what it answers today."""
    patches = [step for step in steps if isinstance(step, Edit)]
    if _faults(evidence, claim, patches):
        return False
    paths = {patch.path for patch in patches}
    is_refused = any(not test.passed for test in evidence.good(NginxTest))
    return not is_refused or not any({file.path, file.real} & paths for file in _files(evidence))


def _corrects(check: Check, claim: Claim) -> bool:
    """Whether an edit corrects what nginx refuses; it may refuse the next line after that."""
    return any(name.endswith(".config-invalid") for name in check.explains) or _is_of_test(claim)


def refused_patch(evidence: Evidence, check: Check, claim: Claim) -> tuple[str, ...]:
    """Return why nginx would refuse its files after the edits of a claim, or after those beside one
    of its words for a person, in a few words each; () if it would not, or refuses them already."""
    if claim.fix is None or _corrects(check, claim):
        return ()
    chosen = (step.commands for step in claim.fix.steps if isinstance(step, Manual))
    faults = (
        _faults(evidence, claim, [step for step in steps if isinstance(step, Edit)])
        for steps in (claim.fix.steps, *chosen)
    )
    return next(filter(None, faults), ())


def _faults(evidence: Evidence, claim: Claim, patches: Sequence[Edit]) -> tuple[str, ...]:
    for config in evidence.good(NginxConfig):
        texts = _edited_texts(config, patches)
        if texts is None:
            return ("a patch does not apply",)
        if texts and (faults := patch_faults(config, texts)):
            return faults
        if texts and (lost := lost_answers(evidence, claim, config, texts)):
            return tuple(f"{path} would come no more" for path in lost)
    return ()


def _edited_texts(config: NginxConfig, patches: Sequence[Edit]) -> dict[str, str] | None:
    """Return the texts of nginx's files (by path) after these edits; None if one does not apply."""
    texts: dict[str, str] = {}
    for patch in patches:
        for file in config.files:
            if patch.path in {file.path, file.real}:
                text = apply_patch(texts.get(file.path, file.text), patch.diff)
                if text is None:
                    return None
                texts[file.path] = text
    return texts


def _likely(evidence: Evidence, claim: Claim) -> Claim:
    """Make a claim likely that explains what visitors see by a file that was changed after nginx
    loaded its configuration: another line may be in force. nginx's log shows what is."""
    path = claim.location.file if claim.location else ""
    is_certain = bool(path) and claim.confidence is Confidence.CERTAIN and not _is_of_test(claim)
    if not is_certain or any(isinstance(each, LogLine) for each in claim.because):
        return claim
    is_seen = any(each.vantage is Vantage.HERE for each in claim.because)
    changes = [file.changed for file in _files(evidence) if file.path == path]
    loads = [master.loaded for state in evidence.good(NginxState) for master in state.own_masters]
    loaded = max((load for load in loads if load is not None), default=None)
    is_newer = loaded is not None and any((change or 0.0) > loaded for change in changes)
    return replace(claim, confidence=Confidence.LIKELY) if is_seen and is_newer else claim


def _is_of_test(claim: Claim) -> bool:
    """Whether nginx itself refuses what the claim is about."""
    return any(isinstance(each, NginxTest) for each in claim.because)


def _files(evidence: Evidence) -> tuple[ConfigFile, ...]:
    return tuple(file for config in evidence.good(NginxConfig) for file in config.files)
