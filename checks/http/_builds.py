"""The front end of the site's program is built again, with the script that its folder has."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Where
from diagnose.model import commands as usual
from diagnose.model.applications import BuildScript
from diagnose.model.steps import Command, Effect


def built_again(evidence: Evidence, claim: Claim) -> Claim | None:
    """Return a claim about an address in a script, with the commands that build it again; None if
    no script is known, or no line of the settings, without which a build would change nothing."""
    build = next(iter(evidence.good(BuildScript)), None)
    own_line = claim.facts["own_line"]
    if build is None or not (own_line or build.text):
        return None
    commands = [Command(build.words, Effect.CHANGE)]
    if build.unit:
        commands.append(usual.restart_service(build.unit.removesuffix(".service")))
    step = "build-with-line" if own_line else "build-again"
    return replace(
        claim,
        because=(*claim.because, build),
        facts={
            **claim.facts,
            "built_folder": build.folder,
            "built_place": build.place,
            "built_line": build.text,
            "built_unit": build.unit,
        },
        fix=Fix((Manual(step, Where.SERVER, commands=tuple(commands)),), Applicability.MANUAL),
    )
