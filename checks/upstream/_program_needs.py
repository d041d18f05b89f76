"""The commands that bring what the program behind a site lacks, and start it again."""

import posixpath

from checks.upstream._start_needs import install_steps
from diagnose.model import Command, Edit, Effect, commands
from diagnose.model.processes import Starter
from diagnose.model.program_commands import restart_by, restart_managed, restart_with_variable
from diagnose.model.services import ProgramNeed
from diagnose.model.steps import Risk
from diagnose.model.unit_commands import drop_in_steps

#: The command line of a framework behind its program: Laravel's artisan, Django's manage.py, Rails'
#: bin/rails. "key" makes a key where there is none, "table" brings the tables up to date.
_ACTIONS = {
    ("artisan", "key"): ("artisan", "key:generate", "--force"),
    ("artisan", "table"): ("artisan", "migrate", "--force"),
    ("django", "table"): ("manage.py", "migrate", "--noinput"),
}
#: Makes a file that root alone reads, with a new key: 128 hexadecimal digits, as `rails secret`. A
#: file that is there by now stays as it is (sh(1), "set -C").
_SECRET = 'umask 077 && set -C && printf "SECRET_KEY_BASE=%s\\n" "$(openssl rand -hex 64)" >"$1"'

#: Takes the password of Redis out of its configuration into such a file, and shows it nowhere.
_PASSWORD = (
    """umask 077 && set -C && sed -n "s/^requirepass[[:space:]]*//p" "$2" | tail -n 1 |"""
    """ sed "s/[[:space:]].*//; s/^[\\"']//; s/[\\"']$//; s/^/$1=/" >"$3" """
)


def program_need_steps(need: ProgramNeed) -> tuple[Command | Edit, ...]:
    """Return the steps; () if nothing is known that starts the program again."""
    restart = _restart(need)
    if need.lines:
        return _unit_steps(need) if need.unit else ()
    if need.edited:
        edit = _edit(need)
        if need.starter is not None and need.starter.kind == "supervisor":
            # It reads its files again, and starts what has changed.
            update = Command(
                ("supervisorctl", "update", need.starter.name.partition(":")[0]), Effect.RESTART
            )
            return (edit, update)
        return (edit, *restart) if restart else ()
    if need.source:
        starter = need.starter
        is_pm2 = starter is not None and starter.kind == "pm2"
        return restart_with_variable(starter, need.source, need.name) if starter and is_pm2 else ()
    if need.lack == "sqlite":
        return tuple(
            Command(
                ("chown", f"{need.owner}:", path), Effect.CHANGE, changes=(path,),
                aspect="permissions", risk=Risk.CHANGES_ACCESS,
            )
            for path in (need.folder, need.file)
        )  # fmt: skip
    if need.blocked:
        owner = commands.chown_tree(f"{need.owner}:", need.blocked, outside=True)
        return (owner, *restart)
    brought = install_steps(need, _ACTIONS.get((need.installer or "", need.lack), ()))
    # PHP reads its files anew for each request.
    is_php = need.installer in {"artisan", "composer"} or need.lack == "assets"
    return (*brought, *(() if is_php else restart)) if is_php or restart else ()


def _unit_steps(need: ProgramNeed) -> tuple[Command, ...]:
    file = need.lines[0].partition("=")[2]
    words: tuple[str, ...] = ()
    if need.lack == "secret":
        words = ("sh", "-c", _SECRET, "sh", file)
    elif need.lack == "redis":
        words = ("sh", "-c", _PASSWORD, "sh", need.name, need.source, file)
    made = Command(words, Effect.CHANGE, changes=(file,), risk=Risk.EDITS_FILES)
    own = (made,) if words else ()
    return (*own, *drop_in_steps(need.unit, need.lines), *_restart(need))


def _restart(need: ProgramNeed) -> tuple[Command, ...]:
    if need.unit and need.is_running:
        return (commands.restart_service(need.unit),)
    if need.unit:
        # After several failed starts systemd refuses further ones.
        return (commands.reset_failed(need.unit), commands.restart_dead_service(need.unit))
    starter = need.starter
    if starter is None:
        return ()
    return restart_by(starter) if need.is_running else (restart_managed(starter),)


def _edit(need: ProgramNeed) -> Edit:
    old, new = need.line.split("\n"), need.new.split("\n")
    at = need.number
    while old and new and old[0] == new[0]:
        old, new, at = old[1:], new[1:], at + 1
    first = at - (not old)
    lines = "".join((*(f"-{line}\n" for line in old), *(f"+{line}\n" for line in new)))
    hunk = f"@@ -{first},{len(old)} +{at},{len(new)} @@\n{lines}"
    return Edit(need.edited, f"--- {need.edited}\n+++ {need.edited}\n{hunk}", outside=True)


def program_need_facts(need: ProgramNeed) -> dict[str, object]:
    """Return the facts of the page about it."""
    is_package = need.installer in {"pip", "npm", "yarn", "pnpm", "bundle", "composer"}
    return {
        "lacks": need.name if is_package and not need.build else "",
        "built": need.folder if need.build else "",
        "key": need.lack == "key",
        "secret": need.lack == "secret",
        "tables": need.folder if need.lack == "table" else "",
        "blocked": need.blocked,
        "user": need.owner if need.blocked else "",
        "database": need.lack == "sqlite",
        "lines": ""
        if need.lack == "redis"
        else ", ".join(line for line in need.lines if not line.endswith("=")),
        "redis": need.name if need.lack == "redis" else "",
        "place": f"{need.edited}:{need.number}" if need.edited else "",
        "variable": need.name if need.source and need.lack != "redis" else "",
        "source": need.source,
        "manager": _manager(need.starter, need.unit),
        "project": posixpath.basename(need.folder),
    }


def _manager(starter: Starter | None, unit: str) -> str:
    return "systemd" if unit else starter.kind if starter else ""
