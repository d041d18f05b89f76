"""Probe for the folder in which nginx keeps the body of an upload or a form that does not fit into
its buffer (`client_body_temp_path`): whether its workers may write there. It is looked at where the
page sends anything. The folder of any temporary file is looked at where the log says that nginx
could not write there: somebody may have mended it since.

And for the folder of PHP's sessions, and for PHP's own limits, after PHP's own message about them.
"""

import posixpath

from diagnose.model.files import BodyFolderAccess, TempFolderAccess
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxBuild, NginxConfig
from diagnose.model.pages import Page, PhpMessage
from diagnose.parsers.nginx.error_log import denied_temp_folders
from diagnose.parsers.nginx.locations import select_location
from diagnose.parsers.sanitize import UNSAFE
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.file_access import access_as, read_access
from diagnose.probes.inside.nginx_processes import first_worker, start_folder_of

_OPTION = "--http-client-body-temp-path="
#: nginx's own default (ngx_http_core_module, client_body_temp_path).
_DEFAULT = "client_body_temp"

#: The time, and when the rights and the contents of each folder changed, in whole seconds.
_CHANGES_SCRIPT = 'date +%s; stat -c "%Z %Y" -- "$@"'


@probe(after=Page, needs=NginxConfig)
async def body_folder(ctx: ProbeContext, page: Page, config: NginxConfig) -> None:
    sends = page.posts or page.uploads or page.sent_paths
    path = _folder(ctx, config) if sends else ""
    worker = first_worker(ctx)
    if not path or worker is None or UNSAFE.search(path):
        return
    if not ctx.further_requests.begin("folder of bodies"):
        return
    at = ctx.elapsed()
    for access in await read_access(ctx.machine, "", str(worker), [path]):
        ctx.emit(access_as(BodyFolderAccess, access, at=at))


@probe(after=LogLine)
async def php_warning_in_log(ctx: ProbeContext, line: LogLine) -> None:
    if "PHP Warning: " in line.text:
        from diagnose.probes.inside.php_sessions import emit_logged

        emit_logged(ctx, line)
    if "POST Content-Length of " in line.text:
        from diagnose.probes.inside.php_limits import emit_limits

        await emit_limits(ctx, line)
    if "PHP Fatal error: " in line.text:
        from diagnose.probes.inside.php_limits import emit_stop

        await emit_stop(ctx, line)


@probe(after=LogLine)
async def temp_folder_in_log(ctx: ProbeContext, line: LogLine) -> None:
    if line.errno != 13:
        return
    folders = [folder for folder in denied_temp_folders(line.text) if not UNSAFE.search(folder)]
    worker = first_worker(ctx)
    if not folders or worker is None:
        return
    if not ctx.further_requests.begin(f"temporary folder {folders[-1]}"):
        return
    at = ctx.elapsed()
    for access in await read_access(ctx.machine, "", str(worker), folders):
        paths = [part.path for part in reversed(access.parts)]
        result = await ctx.machine.run("sh", "-c", _CHANGES_SCRIPT, "sh", *paths)
        changed, given_back = _last_change(result.out, ctx.elapsed())
        further = {"changed": changed, "given_back": given_back}
        ctx.emit(access_as(TempFolderAccess, access, at=at, **further))


@probe(after=PhpMessage)
async def session_folder(ctx: ProbeContext, message: PhpMessage) -> None:
    if message.warning == "session":
        from diagnose.probes.inside.php_sessions import emit_access

        await emit_access(ctx, message)


def _folder(ctx: ProbeContext, config: NginxConfig) -> str:
    """Return the absolute path of the folder, "" if it is not known."""
    build = next(iter(ctx.observed(NginxBuild)), None)
    for _, server in answering_blocks(ctx, config):
        directive = select_location(server, ctx.target.path).directive("client_body_temp_path")
        if directive is not None and directive.args:
            return posixpath.join(start_folder_of(ctx), directive.args[0])
        built = [word for word in (build.arguments if build else ()) if word.startswith(_OPTION)]
        name = built[-1].removeprefix(_OPTION) if built else _DEFAULT
        path = posixpath.join(start_folder_of(ctx), name)
        return path if path.startswith("/") else ""
    return ""


def _last_change(text: str, elapsed: float) -> tuple[float | None, bool]:
    """Return when the rights on the way to a folder changed last, and whether those of the folder
    itself, the first one, changed since the run began. A new file changes both times."""
    words = text.split()
    numbers = [number for word in words if (number := whole_number(word)) is not None]
    if len(numbers) < 3 or len(numbers) != len(words):
        return None, False
    now, *times = numbers
    began = int(now - elapsed)
    return max(times[::2]), times[0] >= began > times[1]
