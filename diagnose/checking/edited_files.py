"""What a person has to know of a file before an edit of it: which sites read it, and whether a
program writes it anew. Such an edit is not automatic. No I/O."""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.model import Applicability, Claim, Evidence, Manual
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.generated_files import generated_file
from diagnose.parsers.nginx.include_places import sites_of

#: Sites that are named at most.
_MAX_SITES = 5


def with_edited_files(evidence: Evidence, claim: Claim) -> Claim:
    """Return the claim with facts about the files of nginx that its fix edits, and for review where
    there are any."""
    edited = list(_edited_files(evidence, claim))
    facts = next(filter(None, (_facts(config, file) for config, file in edited)), {})
    if not edited:
        facts = _generated_facts_of_place(evidence, claim)
    if not facts or claim.fix is None:
        return claim
    fix = claim.fix
    if fix.applicability is Applicability.AUTOMATIC:
        fix = replace(fix, applicability=Applicability.REVIEW)
    return replace(claim, facts={**facts, **claim.facts}, fix=fix)


def _edited_files(evidence: Evidence, claim: Claim) -> Iterator[tuple[NginxConfig, ConfigFile]]:
    paths = {edit.path for edit in claim.fix.edits} if claim.fix else set()
    for config in evidence.good(NginxConfig):
        for file in config.files:
            if paths & {file.path, file.real}:
                yield config, file


def _facts(config: NginxConfig, file: ConfigFile) -> dict[str, object]:
    facts: dict[str, object] = {}
    sites = sites_of(config, file.path)
    if len(sites) > 1:
        names = list(dict.fromkeys(map(str, sites)))
        more = ("…",) if len(names) > _MAX_SITES else ()
        facts = {"shared_file": file.path, "shared_sites": (*names[:_MAX_SITES], *more)}
    return facts | _generated_facts(file)


def _generated_facts(file: ConfigFile) -> dict[str, object]:
    generated = generated_file(file.text, file.path, file.real)
    if generated is None:
        return {}
    return {
        "generated_file": file.real or file.path,
        "generated_words": generated.words,
        "panel": generated.panel,
    }


def _generated_facts_of_place(evidence: Evidence, claim: Claim) -> dict[str, object]:
    """Return who writes the file that a person is told to change: its place is PATH:LINE."""
    steps = claim.fix.steps if claim.fix else ()
    path, _, line = str(claim.facts.get("place", "")).rpartition(":")
    if not line.isdecimal() or not any(isinstance(step, Manual) for step in steps):
        return {}
    for config in evidence.good(NginxConfig):
        for file in config.files:
            if path in {file.path, file.real}:
                return _generated_facts(file)
    return {}
