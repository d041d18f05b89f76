"""When systemd started a service last: what a log has from before is about an earlier start."""

from diagnose.machine import Machine
from diagnose.parsers.whole_numbers import whole_number

#: Prints when systemd started a unit (microseconds since the boot, 0: never), and the time since.
SCRIPT = (
    'echo "$(systemctl show "$1" -p InactiveExitTimestampMonotonic --value --no-pager 2>/dev/null)'
    ' $(cut -d" " -f1 /proc/uptime)"'
)
#: Seconds between the time of a unit and that of its program's first line.
_SLACK = 1.0


async def age_of_start(machine: Machine, unit: str) -> float | None:
    """Return how many seconds ago systemd started a unit last, or the machine, if it has not since
    (org.freedesktop.systemd1, InactiveExitTimestampMonotonic); None if that is not known."""
    if not unit:
        return None
    result = await machine.run("sh", "-c", SCRIPT, "sh", f"{unit}.service")
    started, _, now = result.out.strip().partition(" ")
    number, uptime = whole_number(started), whole_number(now.partition(".")[0])
    return None if number is None or uptime is None else uptime - number / 1e6 + _SLACK
