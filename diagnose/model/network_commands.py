"""The commands that change parameters of the kernel, network devices and routes; see `commands`."""

from diagnose.model.commands import Arguments
from diagnose.model.steps import Command, Effect, Risk


def set_sysctl(name: str, value: int, before: int | None) -> Command:
    """Set a parameter of the kernel until the next boot (sysctl(8)). There is no undo if the value
    `before` is not known (None)."""
    argv = ("sysctl", "-w", f"{name}={value}")
    undo = () if before is None else ("sysctl", "-w", f"{name}={before}")
    return Command(argv, Effect.CHANGE, undo=undo, risk=Risk.CHANGES_KERNEL)


def set_link_up(device: str) -> Command:
    head = ("ip", "link", "set", "dev", device)
    return Command((*head, "up"), Effect.CHANGE, undo=(*head, "down"), risk=Risk.CHANGES_NETWORK)


def delete_route(selector: Arguments, ipv6: bool) -> Command:
    """Delete a route; `selector` are its words after `ip route del` (ip-route(8))."""
    head = ("ip", "-6", "route") if ipv6 else ("ip", "route")
    argv, undo = (*head, "del", *selector), (*head, "add", *selector)
    return Command(argv, Effect.CHANGE, undo=undo, risk=Risk.CHANGES_NETWORK)
