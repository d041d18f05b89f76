"""The edit of the files that the web server sends, where each script asks what the site itself
answers: the site's own origin in place of localhost."""

import re
from dataclasses import replace

from diagnose.model import Applicability, Claim, Evidence, Fix, commands
from diagnose.model.site_folders import BuiltAddress

#: What has a meaning in the expression or behind it (sed(1), with "|" around both).
_SPECIAL = re.compile(r"[][\\.*^$|&]")


def edited_files(evidence: Evidence, claim: Claim) -> Claim | None:
    """Return a claim about an address in a script, with the commands that edit the file; None if a
    script's file is not known, or asks what the site does not answer."""
    built = evidence.good(BuiltAddress)
    scripts = {claim.facts["script"]}
    if not scripts <= {each.url for each in built} or claim.facts["own_line"]:
        return None
    steps = tuple(commands.rewrite(each.path, (_script(evidence, each),)) for each in built)
    return replace(
        claim,
        because=(*claim.because, *built),
        facts={**claim.facts, "built_file": built[0].path, "asked": built[0].asked},
        fix=Fix(steps, Applicability.REVIEW),
    )


def _script(evidence: Evidence, built: BuiltAddress) -> str:
    old, new = (_SPECIAL.sub(r"\\\g<0>", text) for text in (built.address, evidence.target.origin))
    return rf"s|{old}\b|{new}|g"
