"""Reads in which field of the request the application expects its token, after a message that says
that the token does not arrive: in the settings of the program that answers, or in its script."""

import posixpath

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.parsers.program_place import ProgramPlace
from diagnose.parsers.sanitize import clean
from diagnose.parsers.token_fields import expected_field
from diagnose.probes import ProbeContext
from diagnose.probes.inside.framework_files import source_folders
from diagnose.probes.inside.own_setting_files import MAX_FILE

#: Files of settings, below the folder of the program (Spring Boot, "Externalized Configuration").
_FILES = (
    "application.properties", "application.yml", "application.yaml", "application-prod.yml",
    "application-prod.properties", "config/application.properties", "config/application.yml",
    ".env",
)  # fmt: skip
_SCRIPTS = (".py", ".js", ".mjs", ".cjs")


async def emit_token_field(ctx: ProbeContext, place: ProgramPlace) -> None:
    """Emit the first file that names the field. What is in a container is not read."""
    if place.container:
        return
    at = ctx.elapsed()
    scripts = [
        posixpath.join(place.folder or "/", word)
        for word in place.words[:12]
        if word.endswith(_SCRIPTS) and not word.startswith("-")
    ]
    settings = [posixpath.join(folder, name) for folder in source_folders(place) for name in _FILES]
    for path in dict.fromkeys((*settings[:24], *scripts[:2])):
        file = await ctx.machine.read(path, MAX_FILE)
        name, number = ("", 0) if file.failure else expected_field(file.text)
        if name:
            ctx.emit(
                ReadSetting(
                    vantage=Vantage.SERVER, at=at, took=ctx.elapsed() - at, application="token",
                    topic="token_field", key="token", values=(clean(name, 100),),
                    file=clean(file.real or path, 400), number=number,
                )
            )  # fmt: skip
            return
