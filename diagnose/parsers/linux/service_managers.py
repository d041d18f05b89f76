"""Parse the state of a service: systemctl(1), and the runlevels of OpenRC (rc-update(8)) and
System V. No I/O."""

import re
from collections.abc import Iterable

from diagnose.model.frozen import frozen
from diagnose.model.kernel import BootManager
from diagnose.parsers.sanitize import clean

#: Cluster managers, which start a service themselves and leave it disabled on purpose.
CLUSTER = ("pacemaker", "keepalived", "corosync")


#: A unit in a control group's path. A service may have control groups of its own below its unit.
_UNIT = re.compile(r"/([^/]+\.(?:service|scope))(?=/|$)")


def unit_of(cgroups: Iterable[str]) -> str:
    """Return the systemd unit of a process, from the lines of its /proc/PID/cgroup.

    It is a service ("nginx.service") or the scope of a login ("session-3.scope"). For a process
    of a user's own manager it is that manager ("user@1000.service"); "" if there is no unit.
    """
    for line in cgroups:
        hierarchy, _, path = line.rpartition(":")
        if hierarchy == "0:" or hierarchy.endswith(":name=systemd"):
            units = _UNIT.findall(path)
            if units:
                return clean(units[0 if path.startswith("/user.slice/") else -1], 100)
    return ""


@frozen
class Service:
    """The state of a service; the fields are described at `diagnose.model.kernel.Boot`."""

    manager: BootManager
    name: str
    state: str
    running: bool = False
    started: bool = True
    process: str = ""
    pulled_by: tuple[str, ...] = ()
    named_in: tuple[str, ...] = ()
    cluster: bool = False
    by_hand: bool = False
    main_pid: int = 0
    reloads: bool = False


def service(text: str) -> Service | None:
    """Parse the probe script's output: lines "key value", then the output of systemctl."""
    script_output = dict(re.findall(r"^([a-z]+) (.+)$", text, re.MULTILINE))
    match script_output.get("manager"):
        case "systemd":
            return _of_systemd(text, script_output)
        case "openrc" | "sysv" as manager:
            return _of_runlevels(manager, text, script_output)
    return None


def _of_systemd(text: str, script_output: dict[str, str]) -> Service | None:
    properties = dict(re.findall(r"^([A-Z]\w+)=(.*)$", text, re.MULTILINE))
    if "Id" not in properties:
        return None
    loaded = properties.get("LoadState") not in {"not-found", ""}
    dependency_keys = ("WantedBy", "RequiredBy", "TriggeredBy", "BoundBy", "UpheldBy")
    pulled_by = [unit for key in dependency_keys for unit in properties.get(key, "").split()]
    drop_ins = properties.get("DropInPaths", "").lower()
    return Service(
        "systemd",
        clean(properties["Id"], 100),
        clean(properties.get("UnitFileState", ""), 30) if loaded else "",
        properties.get("ActiveState") in {"active", "reloading"} or "session" in script_output,
        properties.get("ExecMainStartTimestampMonotonic", "0") != "0",
        clean(script_output.get("process", ""), 64),
        tuple(clean(unit, 100) for unit in dict.fromkeys(pulled_by)),
        _named_files(text),
        any(manager in drop_ins for manager in CLUSTER),
        "session" in script_output,
        int(properties["MainPID"]) if properties.get("MainPID", "").isdecimal() else 0,
        properties.get("CanReload") == "yes",
    )


def _of_runlevels(manager: BootManager, text: str, script_output: dict[str, str]) -> Service | None:
    if "service" not in script_output:
        return None
    levels = re.findall(r"^level (.+)$", text, re.MULTILINE)
    return Service(
        manager,
        clean(script_output["service"], 100),
        "enabled" if levels else "disabled",
        "running" in script_output,
        "running" in script_output,
        clean(script_output.get("process", ""), 64),
        named_in=_named_files(text),
    )


def _named_files(text: str) -> tuple[str, ...]:
    return tuple(clean(path, 200) for path in re.findall(r"^named (.+)$", text, re.MULTILINE))
