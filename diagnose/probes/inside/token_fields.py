"""Reads in which field of the request the application expects its token, after a message that says
that the token does not arrive, or where it refuses everybody: in the settings of the program that
answers, in its script, or in the description of its interface."""

import posixpath

from diagnose.model import Vantage
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.program_place import ProgramPlace
from diagnose.parsers.sanitize import clean
from diagnose.parsers.token_fields import (
    authorization_line,
    described_field,
    expected_field,
    refuses_unknown,
)
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext
from diagnose.probes.inside.framework_files import source_folders
from diagnose.probes.inside.own_setting_files import MAX_FILE

#: Files of settings, below the folder of the program (Spring Boot, "Externalized Configuration").
_FILES = (
    "application.properties", "application.yml", "application.yaml", "application-prod.yml",
    "application-prod.properties", "config/application.properties", "config/application.yml",
    ".env",
)  # fmt: skip
#: Where programs describe their interface (FastAPI, Spring, Swagger).
_DESCRIPTIONS = (
    "/openapi.json", "/v3/api-docs", "/api-docs/swagger.json", "/swagger/v1/swagger.json",
)  # fmt: skip
_OK = 200
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
    if not await _emit_line_of_script(ctx):
        await _emit_described_field(ctx)


async def _emit_line_of_script(ctx: ProbeContext) -> bool:
    """Emit that the script in PHP at the target's path reads the field Authorization, which Apache
    does not give to every program; return whether it does."""
    path = ctx.target.path_without_query
    for config in ctx.observed(WebServerConfig):
        sites = answering_sites(config, ctx.target.port, ctx.target.host)
        roots = {site.root for site in sites if config.product == "apache" and site.root}
        for root in roots if path.endswith(".php") and ".." not in path else ():
            at = ctx.elapsed()
            file = await ctx.machine.read(f"{root.rstrip('/')}{path}", MAX_FILE)
            number = 0 if file.failure else authorization_line(file.text)
            if number:
                ctx.emit(
                    ReadSetting(
                        vantage=Vantage.SERVER, at=at, took=ctx.elapsed() - at, application="token",
                        topic="token_field", key="token", values=("Authorization",),
                        file=clean(file.real or path, 400), number=number,
                    )
                )  # fmt: skip
                return True
    return False


async def _emit_described_field(ctx: ProbeContext) -> None:
    """Emit the field that the program's own description of its interface names."""
    page = next(
        (
            page
            for page in ctx.observed(Exchange)
            if page.is_page_of(ctx.target) and refuses_unknown(page.status, page.body)
        ),
        None,
    )
    if page is None:
        return
    # Imported late: few programs refuse everybody.
    from diagnose.probes.inside.logged_requests import send_again

    for path in _DESCRIPTIONS:
        at = ctx.elapsed()
        answer = await send_again(ctx, page, ctx.target.origin + path)
        if answer is None:
            return
        if answer.status != _OK or not (name := described_field(answer.body)):
            continue
        ctx.emit(
            ReadSetting(
                vantage=Vantage.SERVER, at=at, took=ctx.elapsed() - at, application="token",
                topic="token_field", key="token", values=(clean(name, 100),), file=path,
                equivalent=answer.equivalent,
            )
        )  # fmt: skip
        return
