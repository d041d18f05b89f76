"""Whether the machine behind a door is the target's server."""

from diagnose.machine import Machine


async def serves(machine: Machine, name: str) -> bool:
    """Whether a configuration file of this machine's nginx names the host."""
    for path in await machine.glob("/etc/nginx/**/*"):
        if name in (await machine.read(path)).text:
            return True
    return False
