"""What stops Apache at its start before it reads a site: a module whose file is gone, or no module
that handles its processes (an MPM), or two of them. Debian's links in mods-enabled decide."""

import re

from checks.server import ServerView
from checks.server._apache_modules import is_debians
from diagnose.model import Command, server_commands
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebServerTest

_ENABLED = re.compile(r"/etc/apache2/mods-enabled/([\w.-]{1,60})\.load")
_GONE = re.compile(
    r"Cannot load (\S{1,300}) into server: .{0,300}cannot open shared object file: No such file"
)
#: core, AH00534.
_NO_MPM, _TWO_MPM = "No MPM loaded", "More than one MPM loaded"


@frozen
class LoadingMistake:
    """`gone` is the name of the module whose `file` is gone, "" for none; `php` is True if it is
    PHP. `mpm` is the MPM to load, or that stays. `steps` mend it; () if a person has to choose."""

    gone: str = ""
    file: str = ""
    php: bool = False
    mpm: str = ""
    is_twice: bool = False
    steps: tuple[Command, ...] = ()


#: The facts of a page without such a mistake.
NO_MISTAKE: dict[str, object] = {
    "gone_module": "", "gone_file": "", "gone_php": False, "mpm": "", "mpm_twice": False,
}  # fmt: skip


def loading_mistake(view: ServerView, test: WebServerTest) -> LoadingMistake | None:
    """Return what stops Apache by the message of its own test; None if that is something else."""
    if view.server.product != "apache":
        return None
    steps: tuple[Command, ...]
    if gone := _GONE.match(test.message):
        named = _ENABLED.fullmatch(test.file)
        name = named[1] if named else gone[1].rpartition("/")[2]
        is_php = "php" in name.lower()
        # Without PHP's module Apache would send the source of scripts.
        is_known = named is not None and not is_php and is_debians(view)
        steps = (server_commands.disable_apache_module(name),) if is_known else ()
        return LoadingMistake(name, gone[1], is_php, steps=steps)
    loaded = view.config.modules if view.config else ()
    # PHP as a module of Apache needs the MPM without threads.
    has_php = any(re.fullmatch(r"php\d*", name) for name in loaded)
    wanted = "mpm_prefork" if has_php else "mpm_event"
    if _NO_MPM in test.message:
        steps = (server_commands.enable_apache_modules((wanted,)),) if is_debians(view) else ()
        return LoadingMistake(mpm=wanted, steps=steps)
    if _TWO_MPM in test.message:
        there = [name for name in loaded if name.startswith("mpm_")]
        kept = wanted if wanted in there else next(iter(there), wanted)
        spare = [name for name in there if name != kept] if is_debians(view) else []
        steps = tuple(map(server_commands.disable_apache_module, spare))
        return LoadingMistake(mpm=kept, is_twice=True, steps=steps)
    return None


def mistake_facts(mistake: LoadingMistake | None) -> dict[str, object]:
    """Return the facts of a page about the mistake."""
    if mistake is None:
        return NO_MISTAKE
    return {
        "gone_module": mistake.gone,
        "gone_file": mistake.file,
        "gone_php": mistake.php,
        "mpm": mistake.mpm,
        "mpm_twice": mistake.is_twice,
    }
