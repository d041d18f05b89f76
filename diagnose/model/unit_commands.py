"""Commands that change a unit of systemd by a file beside it (systemd.unit(5), "drop-in")."""

from collections.abc import Sequence
from dataclasses import replace

from diagnose.model import commands
from diagnose.model.steps import Command, Effect


def reload_units() -> Command:
    """Let systemd read its units again (systemctl(1), daemon-reload). No service restarts."""
    return Command(("systemctl", "daemon-reload"), Effect.CHANGE)


def create_drop_in(path: str, lines: Sequence[str]) -> Command:
    """Write a small new file beside a unit, and no file that is there. To undo it, systemd has to
    read the unit again, and an empty folder of such files goes."""
    undo = 'rm "$1" && rmdir --ignore-fail-on-non-empty "${1%/*}" && systemctl daemon-reload'
    return replace(commands.create_lines(path, tuple(lines)), undo=("sh", "-c", undo, "sh", path))


def drop_in_steps(unit: str, lines: Sequence[str], name: str = "") -> tuple[Command, ...]:
    """Return the commands that add lines below [Service] of a service, without a start of it.
    `unit` has no ".service". `name` is that of the file; "" for that of the setting. The last
    name counts (systemd.unit(5)), so that it comes after "override.conf" of `systemctl edit`."""
    folder = f"/etc/systemd/system/{unit}.service.d"
    # A file for each setting: a unit may lack another one, which a later run finds.
    name = name or f"zz-diagnose-{lines[0].partition('=')[0]}"
    return (
        commands.make_folder(folder),
        create_drop_in(f"{folder}/{name}.conf", ("[Service]", *lines)),
        reload_units(),
    )
