"""Probe that looks into the project behind the site, after a file of the page was 404, or the page
of Django an error: for files that are there and that nobody gets. After 503, for what closes it;
and for the file of a script that asks localhost.

Laravel's uploads need the link public/storage (laravel.com/docs/filesystem, "The Public Disk"), a
standalone build of Next.js a copy of its static files (nextjs.org/docs, "output"), and WhiteNoise,
as Django's storages with a manifest, what collectstatic has collected.
"""

import posixpath
import shlex
from urllib.parse import unquote, urlsplit

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.server import Listeners
from diagnose.model.services import UnpublishedFiles
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx.sibling_folders import shown_file
from diagnose.parsers.program_place import ProgramPlace, parse_place
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.static_roots import static_root
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import own_settings, static_projects
from diagnose.probes.inside.program_logs import endpoints_of, is_front
from diagnose.probes.inside.web_folders import web_folders

SCRIPT = f"{read_script(__file__, 'project_files.sh')}\n{static_projects.SCRIPT}"
#: The page of Django for an error, with DEBUG off (django.views.defaults.server_error).
_DJANGO_ERROR = "<h1>Server Error (500)</h1>"
#: The list of the files that a storage has collected (ManifestFilesMixin.manifest_name).
_MANIFEST = "staticfiles.json"
#: Usual values of STATIC_URL. Uploads ("/media/") are collected by nobody.
_STATIC = ("/static/", "/assets/")
#: Apache answers 403 where a link leads to nothing.
_MISSING = frozenset({403, 404})
#: Most programs that are looked at, and folders.
_MAX_PROGRAMS, _MAX_FOLDERS = 2, 8


@probe(after=Exchange)
async def projects_of_page(ctx: ProbeContext, _: Exchange) -> None:
    await _look(ctx)


@probe(after=PageFileResponse)
async def projects_of_file(ctx: ProbeContext, _: PageFileResponse) -> None:
    await _look(ctx)


@probe(after=Listeners)
async def projects_of_programs(ctx: ProbeContext, _: Listeners) -> None:
    await _look(ctx)


@probe(after=NginxConfig)
async def projects_behind_nginx(ctx: ProbeContext, _: NginxConfig) -> None:
    await _look(ctx)


@probe(after=WebServerConfig)
async def projects_behind_server(ctx: ProbeContext, _: WebServerConfig) -> None:
    await _look(ctx)


async def _look(ctx: ProbeContext) -> None:
    """Look once, as soon as the configuration and the programs are known."""
    listeners = next(iter(ctx.observed(Listeners)), None)
    is_known = bool(ctx.observed(NginxConfig)) or bool(ctx.observed(WebServerConfig))
    if is_known and _is_unavailable(ctx):
        # Imported late: few sites are in maintenance.
        from diagnose.probes.inside.maintenance_marks import emit_marks

        await emit_marks(ctx)
    if is_known and any(_asks_localhost(file) for file in ctx.observed(PageFileResponse)):
        # Imported late: few scripts ask localhost.
        from diagnose.probes.inside.built_addresses import emit_built_addresses

        await emit_built_addresses(ctx)
    url, is_error = _failed_url(ctx)
    path = unquote(urlsplit(url).path)
    if listeners is None or not is_known or not url or UNSAFE.search(path) or ".." in path:
        return
    if not ctx.further_requests.begin("the project of a missing file"):
        return
    places = [ProgramPlace()]
    for endpoint in list(dict.fromkeys(endpoints_of(ctx, path)))[:_MAX_PROGRAMS]:
        if not is_front(listeners, endpoint):
            words = ("sh", "-c", own_settings.SCRIPT, "sh", endpoint)
            result = await ctx.machine.run(*words, timeout=own_settings.PATIENCE)
            places.append(parse_place(result.out))
    for place in places:
        if not place.container and (project := await _of_program(ctx, place, url, path, is_error)):
            ctx.emit(project)
            return


def _is_unavailable(ctx: ProbeContext) -> bool:
    """Return whether the page says that the site is closed for a time (RFC 9110, 15.6.4)."""
    pages = ctx.observed(Exchange)
    return any(page.is_page_of(ctx.target) and page.status == 503 for page in pages)


def _asks_localhost(file: PageFileResponse) -> bool:
    return any("//localhost:" in url or "//127." in url for url in file.requests)


def _failed_url(ctx: ProbeContext) -> tuple[str, bool]:
    """Return the address of the first file that does not come, or of Django's page of an error, and
    whether it is that page."""
    for exchange in ctx.observed(Exchange):
        if exchange.is_page_of(ctx.target):
            if exchange.status == 500 and _DJANGO_ERROR in exchange.body:
                return exchange.url, True
            if exchange.status in _MISSING and shown_file(ctx.target.path):
                return exchange.url, False
    missing = (file for file in ctx.observed(PageFileResponse) if file.status in _MISSING)
    return next((file.url for file in missing if not file.redirects), ""), False


async def _of_program(
    ctx: ProbeContext, place: ProgramPlace, url: str, path: str, is_error: bool
) -> UnpublishedFiles | None:
    """Return what a program's project lacks; of no program, what that of the site's folder does."""
    # Imported late: few pages lack a file.
    from diagnose.probes.inside.framework_files import source_folders

    folders = list(source_folders(place) if place.pid else web_folders(ctx))[:_MAX_FOLDERS]
    folders = [folder for folder in folders if folder.startswith("/") and not UNSAFE.search(folder)]
    if not folders:
        return None
    at = ctx.elapsed()
    words = ("sh", "-c", SCRIPT, "sh", path, *folders)
    lines = (await ctx.machine.run(*words, timeout=own_settings.PATIENCE)).out
    facts = static_projects.parse_project(lines)
    project = None if is_error else _build(facts)
    if project is None and place.pid:
        project = await _django(ctx, facts, path, is_error)
    if project is None:
        return None
    return UnpublishedFiles(
        vantage=Vantage.SERVER, at=at, equivalent=f"ls -ld {shlex.quote(project.target)}", url=url,
        reason=project.reason, project=project.project, source=project.source,
        target=project.target, public=project.public, is_broken=project.is_broken,
        owner=project.owner, manage=project.manage, python=project.python,
        unit=place.unit.removesuffix(".service"), starter=place.starter,
    )  # fmt: skip


@frozen
class _Lack:
    """What a project lacks, with the fields of `UnpublishedFiles`."""

    reason: str
    project: str
    source: str
    target: str
    owner: str
    public: str = ""
    is_broken: bool = False
    manage: str = ""
    python: str = ""


def _build(facts: dict[str, str]) -> _Lack | None:
    """Return what a project of Laravel, or a standalone build of Next.js, lacks."""
    owner, _, line = facts.get("laravel", "").partition(" ")
    state, _, project = line.partition(" ")
    if project:
        uploads, link = f"{project}/storage/app/public", f"{project}/public/storage"
        return _Lack("laravel", project, uploads, link, owner, is_broken=state == "broken")
    owner, _, rest = facts.get("next", "").partition(" ")
    project, _, folder = rest.partition(" ")
    if not folder or " " in folder:
        return None
    made, copied = f"{project}/.next/static", f"{folder}/.next/static"
    return _Lack("next", project, made, copied, owner, facts.get("public", ""))


async def _django(
    ctx: ProbeContext, facts: dict[str, str], path: str, is_error: bool
) -> _Lack | None:
    """Return what a project of Django has not collected."""
    owner, _, manage = facts.get("manage", "").partition(" ")
    root = static_root(facts.get("root", ""), facts.get("base", ""), facts.get("settings", ""))
    wanted = "manifest" if is_error else "source"
    if not manage or not root or not facts.get(wanted):
        return None
    if not is_error and not (path.startswith(_STATIC) and facts.get("middleware")):
        return None
    file = f"{root}/{_MANIFEST if is_error else path.lstrip('/').partition('/')[2]}"
    if (await ctx.machine.run("test", "!", "-e", file)).status != 0:
        return None
    return _Lack(
        "manifest" if is_error else "django", posixpath.dirname(manage), facts[wanted], root,
        owner, manage=manage, python=facts.get("python", ""),
    )  # fmt: skip
