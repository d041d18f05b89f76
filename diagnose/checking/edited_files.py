"""What a person has to know of a file before an edit of it: which sites read it, and whether a
program writes it anew. Such an edit is not automatic. No I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.model import Applicability, Claim, Evidence, Manual
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.generated_files import generated_file
from diagnose.parsers.nginx.include_places import sites_of

if TYPE_CHECKING:
    from diagnose.model.web_servers import ServerFile

#: Sites that are named at most.
_MAX_SITES = 5


def with_edited_files(evidence: Evidence, claim: Claim) -> Claim:
    """Return the claim with facts about the files that its fix edits, and for review where there
    are any."""
    paths = {edit.path for edit in claim.fix.edits} if claim.fix else set[str]()
    edited = list(_edited_files(evidence, paths))
    facts = next(filter(None, (_facts(config, file) for config, file in edited)), {})
    if not edited:
        paths |= _place_of_a_person(claim)
        generated = (_generated_facts(file) for file in _files(evidence) if paths & _names(file))
        facts = next(filter(None, generated), {})
    if not facts or claim.fix is None:
        return claim
    fix = claim.fix
    if fix.applicability is Applicability.AUTOMATIC:
        fix = replace(fix, applicability=Applicability.REVIEW)
    return replace(claim, facts={**facts, **claim.facts}, fix=fix)


def _edited_files(evidence: Evidence, paths: set[str]) -> Iterator[tuple[NginxConfig, ConfigFile]]:
    for config in evidence.good(NginxConfig):
        for file in config.files:
            if paths & _names(file):
                yield config, file


def _files(evidence: Evidence) -> "Iterable[ConfigFile | ServerFile]":
    for config in evidence.good(NginxConfig):
        yield from config.files
    # Imported late: a site without a finding needs none of it.
    from diagnose.model.web_servers import WebServerConfig

    for other in evidence.good(WebServerConfig):
        yield from other.files


def _names(file: "ConfigFile | ServerFile") -> set[str]:
    """Return the path of a file, and where a link leads."""
    return {file.path, file.real} - {""}


def _facts(config: NginxConfig, file: ConfigFile) -> dict[str, object]:
    facts: dict[str, object] = {}
    sites = sites_of(config, file.path)
    if len(sites) > 1:
        names = list(dict.fromkeys(map(str, sites)))
        more = ("…",) if len(names) > _MAX_SITES else ()
        facts = {"shared_file": file.path, "shared_sites": (*names[:_MAX_SITES], *more)}
    return facts | _generated_facts(file)


def _generated_facts(file: "ConfigFile | ServerFile") -> dict[str, object]:
    generated = generated_file(file.text, file.path, file.real)
    if generated is None:
        return {}
    return {
        "generated_file": file.real or file.path,
        "generated_words": generated.words,
        "panel": generated.panel,
    }


def _place_of_a_person(claim: Claim) -> set[str]:
    """Return the file that a person is told to change: its place is PATH:LINE."""
    steps = claim.fix.steps if claim.fix else ()
    path, _, line = str(claim.facts.get("place", "")).rpartition(":")
    is_told = line.isdecimal() and any(isinstance(step, Manual) for step in steps)
    return {path} if is_told and path else set()
