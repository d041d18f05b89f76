"""Edits of the networks of a service in a compose file; `compose_edits` has the others. Pure."""

import re
from typing import TYPE_CHECKING

from diagnose.parsers.compose_files import entries, entry, last_line, root_of, service_body
from diagnose.parsers.compose_lines import (
    Service,
    edited,
    line_below,
    line_end,
    new_block,
    read_compose,
    with_item,
)
from diagnose.parsers.nginx.edits import TextEdit, apply_edits

if TYPE_CHECKING:
    from yaml.nodes import MappingNode

_SAFE = re.compile(r"[\w.-]{1,200}")


def with_network(text: str, service: str, key: str, name: str = "") -> str:
    """Give a service a further network. With a `name` it is that of another project, which the end
    of the file names as an external one."""
    root, own = root_of(text), read_compose(text)
    body = service_body(root, service)
    if body is None or own is None or not (_SAFE.fullmatch(key) and _SAFE.fullmatch(name or key)):
        return ""
    theirs = own["services"][service].get("networks")
    if "network_mode" in own["services"][service] or theirs == []:
        return ""
    done = text
    if theirs is None:
        # It leaves the default network of its project once it names another one.
        done = edited(
            new_block(text, "networks", ["default", key]),
            lambda each: each.update(networks=["default", key]),
            text,
            service,
        )
    elif isinstance(theirs, list):
        done = with_item(text, service, "networks", key)
    elif key not in theirs:
        done = _with_network_entry(text, service, key)
    return _with_top_network(done, key, name) if done and name else done


def network_key(text: str, project: str, name: str) -> str:
    """Return what a compose file calls a network of the engine; "" if it does not name it."""
    if name == f"{project}_default":
        return "default"
    networks = (read_compose(text) or {}).get("networks")
    for key, own in networks.items() if isinstance(networks, dict) else ():
        own = own if isinstance(own, dict) else {}
        outer = own.get("external")
        if isinstance(outer, dict) and outer.get("name") == name:
            return str(key)  # before version 3.5 of the format
        usual = key if outer is True else f"{project}_{key}"
        if own.get("name", usual) == name and isinstance(key, str):
            return key
    return ""


def external_networks(text: str) -> frozenset[str]:
    """Return the engine's names of the networks that a compose file uses and does not make."""
    networks = (read_compose(text) or {}).get("networks")
    return frozenset(
        # Version 1 has the name below `external`.
        str(own.get("name") or (external.get("name") if isinstance(external, dict) else "") or key)
        for key, own in (networks.items() if isinstance(networks, dict) else ())
        if isinstance(own, dict) and (external := own.get("external"))
    )


def _with_network_entry(text: str, service: str, key: str) -> str:
    def edit(body: "MappingNode") -> list[TextEdit]:
        networks = entry(body, "networks")
        last = list(entries(networks))[-1:]
        if not last or getattr(networks, "flow_style", True):
            return []
        return line_below(text, last[0][0], last[0][1], f"{key}: {{}}")

    return edited(edit, lambda own: own["networks"].update({key: {}}), text, service)


def _with_top_network(text: str, key: str, name: str) -> str:
    """Name an external network at the end of the file."""
    wanted = {"external": True} if key == name else {"external": True, "name": name}
    before, root = read_compose(text), root_of(text)
    if before is None:
        return ""
    networks = before.get("networks")
    if isinstance(networks, dict) and key in networks:
        return text if networks[key] == wanted else ""
    body = ["external: true", *([] if key == name else [f"name: {name}"])]
    node = entry(root, "networks")
    if networks is None and node is None:
        end = "" if text.endswith("\n") else "\n"
        lines = "".join(f"    {line}\n" for line in body)
        done = f"{text}{end}\nnetworks:\n  {key}:\n{lines}"
    else:
        last = list(entries(node))[-1:]
        if not last or getattr(node, "flow_style", True):
            return ""
        indent = " " * last[0][0].start_mark.column
        lines = "".join(f"\n{indent}  {line}" for line in body)
        done = apply_edits(text, *line_below(text, *last[0], f"{key}:{lines}"))
    before["networks"] = {**(networks or {}), key: wanted}
    return done if read_compose(done) == before else ""


def with_host_network(text: str, service: str) -> str:
    """Give a service the server's own network, in the place of the ports that it publishes: there
    its programs have the server's ports themselves. "" if it is in other networks as well."""
    own = (read_compose(text) or {}).get("services", {}).get(service)
    if not isinstance(own, dict) or {"networks", "network_mode"} & own.keys():
        return text if isinstance(own, dict) and own.get("network_mode") == "host" else ""
    line = new_block(text, "network_mode: host", [])

    def edit(body: "MappingNode") -> list[TextEdit]:
        ports = next((pair for pair in entries(body) if pair[0].value == "ports"), None)
        if ports is None:
            return line(body)
        start = ports[0].start_mark.index
        return [TextEdit(start, line_end(text, last_line(ports[1])), "network_mode: host")]

    def change(each: Service) -> None:
        each.pop("ports", None)
        each["network_mode"] = "host"

    return edited(edit, change, text, service)
