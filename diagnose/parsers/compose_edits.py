"""Edits of a service in a compose file: its ports, mounts, networks, names and what it listens on.

Each returns the text with the change, the same text if it is so already, and "" if that cannot be
done: the file is read again after each edit, and nothing else in it may have changed. Pure."""

import copy
import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diagnose.parsers.compose_files import (
    entries,
    entry,
    is_loopback_variable,
    last_line,
    root_of,
    scalars,
    service_body,
)
from diagnose.parsers.nginx.edits import TextEdit, apply_edits

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node

_SAFE = re.compile(r"[\w./:@~+\[\]-]{1,400}")
_PORT = re.compile(
    r"(?:(\d{1,3}(?:\.\d{1,3}){3}|\[[\da-fA-F:.]{2,45}\]):)?(?:(\d{1,5}):)?(\d{1,5})(/tcp)?"
)
#: A service, as the file is read.
_Service = dict[str, Any]


def with_port(text: str, service: str, published: str) -> str:
    """Publish a port: "127.0.0.1:3000:3000"."""
    return _with_item(text, service, "ports", published)


def with_extra_host(text: str, service: str, name: str) -> str:
    """Let a name mean the server itself: "host.docker.internal" (docker-run(1), --add-host)."""
    return _with_item(text, service, "extra_hosts", f"{name}:host-gateway")


def with_mount(text: str, service: str, volume: str) -> str:
    """Mount a further file or folder: "/etc/letsencrypt:/etc/letsencrypt:ro"."""
    return _with_item(text, service, "volumes", volume)


def with_published(
    text: str, service: str, mapping: tuple[int, int], wanted: tuple[str, int, int]
) -> str:
    """Change how a port is published: of the server's and the inner port to an address ("" for all
    of them), the server's and the inner one."""
    address, outer, inner = wanted
    written = f"{address}:{outer}:{inner}" if address else f"{outer}:{inner}"

    def edit(body: "MappingNode") -> list[TextEdit]:
        for item in scalars(entry(body, "ports")):
            match = _PORT.fullmatch(item.value)
            if match and match[2] and (int(match[2]), int(match[3])) == mapping:
                return [_scalar(text, item, written + (match[4] or ""))]
        return []

    def change(own: _Service) -> None:
        own["ports"] = [
            _changed_port(each, mapping, written) if isinstance(each, str | int) else each
            for each in own["ports"]
        ]

    has_it = mapping == (outer, inner) and not address
    done = _edited(text, service, edit, change)
    return done or (text if has_it and with_port(text, service, written) == text else "")


def _changed_port(entry: object, old: tuple[int, int], written: str) -> object:
    match = _PORT.fullmatch(str(entry))
    is_it = match and match[2] and (int(match[2]), int(match[3])) == old
    return written + (match[4] or "") if match and is_it else entry


def with_moved_mount(
    text: str, service: str, folder: str, mount: tuple[str, str], moved: tuple[str, str]
) -> str:
    """Change a mount, of a source on the server and a point in the container, to others. Relative
    sources begin at `folder`, and stay relative. Its options stay."""

    def changed(volume: str) -> str:
        source, _, rest = volume.partition(":")
        point, colon, options = rest.partition(":")
        is_path = source.startswith(("/", "./", "../"))
        if not is_path or point.rstrip("/") != mount[1].rstrip("/"):
            return ""
        if posixpath.normpath(posixpath.join(folder, source)) != posixpath.normpath(mount[0]):
            return ""
        inside = posixpath.relpath(moved[0], folder) if folder.startswith("/") else ""
        is_near = not source.startswith("/") and inside and not inside.startswith("..")
        written = source if moved[0] == mount[0] else f"./{inside}" if is_near else moved[0]
        return f"{written}:{moved[1]}{colon}{options}"

    def edit(body: "MappingNode") -> list[TextEdit]:
        found = [item for item in scalars(entry(body, "volumes")) if changed(item.value)]
        return [_scalar(text, item, changed(item.value)) for item in found if len(found) == 1]

    def change(own: _Service) -> None:
        own["volumes"] = [
            (changed(each) or each) if isinstance(each, str) else each for each in own["volumes"]
        ]

    return _edited(text, service, edit, change)


def with_network(text: str, service: str, key: str, name: str = "") -> str:
    """Give a service a further network. With a `name` it is that of another project, which the end
    of the file names as an external one."""
    root, own = root_of(text), _read(text)
    body = service_body(root, service)
    if body is None or own is None or not (_SAFE.fullmatch(key) and _SAFE.fullmatch(name or key)):
        return ""
    theirs = own["services"][service].get("networks")
    if "network_mode" in own["services"][service] or theirs == []:
        return ""
    done = text
    if theirs is None:
        # It leaves the default network of its project once it names another one.
        done = _edited(text, service, _block(text, "networks", ["default", key]),
                       lambda each: each.update(networks=["default", key]))  # fmt: skip
    elif isinstance(theirs, list):
        done = _with_item(text, service, "networks", key)
    elif key not in theirs:
        done = _with_network_entry(text, service, key)
    return _with_top_network(done, key, name) if done and name else done


def network_key(text: str, project: str, name: str) -> str:
    """Return what a compose file calls a network of the engine; "" if it does not name it."""
    if name == f"{project}_default":
        return "default"
    networks = (_read(text) or {}).get("networks")
    for key, own in networks.items() if isinstance(networks, dict) else ():
        own = own if isinstance(own, dict) else {}
        usual = key if own.get("external") is True else f"{project}_{key}"
        if own.get("name", usual) == name and isinstance(key, str):
            return key
    return ""


def _with_network_entry(text: str, service: str, key: str) -> str:
    def edit(body: "MappingNode") -> list[TextEdit]:
        networks = entry(body, "networks")
        last = list(entries(networks))[-1:]
        if not last or getattr(networks, "flow_style", True):
            return []
        return _line_below(text, last[0][0], last[0][1], f"{key}: {{}}")

    return _edited(text, service, edit, lambda own: own["networks"].update({key: {}}))


def _with_top_network(text: str, key: str, name: str) -> str:
    """Name an external network at the end of the file."""
    wanted = {"external": True} if key == name else {"external": True, "name": name}
    before, root = _read(text), root_of(text)
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
        done = apply_edits(text, *_line_below(text, *last[0], f"{key}:{lines}"))
    before["networks"] = {**(networks or {}), key: wanted}
    return done if _read(done) == before else ""


def with_host_network(text: str, service: str) -> str:
    """Give a service the server's own network, if it names no network and publishes no port."""
    own = (_read(text) or {}).get("services", {}).get(service)
    if not isinstance(own, dict) or {"ports", "networks", "network_mode"} & own.keys():
        return text if isinstance(own, dict) and own.get("network_mode") == "host" else ""
    return _edited(text, service, _block(text, "network_mode: host", []),
                   lambda each: each.update(network_mode="host"))  # fmt: skip


_LOOPBACK = re.compile(r"(?<![\w.])(?:127\.0\.0\.1|localhost)(?![\w.])")


def with_open_listening(text: str, service: str) -> str:
    """Let the program of a service listen on all addresses of its container, where the file tells
    it the loopback address: in a variable, or in one word of its command."""

    def edit(body: "MappingNode") -> list[TextEdit]:
        found = [*_listening_variables(text, body), *_listening_words(text, body)]
        return found if len(found) == 1 else []

    def change(own: _Service) -> None:
        if isinstance(own.get("environment"), dict):
            own["environment"] = {
                name: _opened(value) if is_loopback_variable(name, str(value)) else value
                for name, value in own["environment"].items()
            }
        elif isinstance(own.get("environment"), list):
            own["environment"] = [
                _opened(each) if is_loopback_variable(*str(each).partition("=")[::2]) else each
                for each in own["environment"]
            ]
        command = own.get("command")
        if isinstance(command, str):
            own["command"] = _opened(command)
        elif isinstance(command, list):
            own["command"] = [_opened(each) if isinstance(each, str) else each for each in command]

    return _edited(text, service, edit, change)


def _opened(value: object) -> str:
    return _LOOPBACK.sub("0.0.0.0", str(value))


def _listening_variables(text: str, body: "MappingNode") -> list[TextEdit]:
    import yaml

    environment = entry(body, "environment")
    pairs = [
        _scalar(text, value, _opened(value.value))
        for name, value in entries(environment)
        if isinstance(value, yaml.ScalarNode) and is_loopback_variable(name.value, value.value)
    ]
    items = [
        _scalar(text, item, _opened(item.value))
        for item in scalars(environment)
        if is_loopback_variable(*item.value.partition("=")[::2])
    ]
    return pairs + items


def _listening_words(text: str, body: "MappingNode") -> list[TextEdit]:
    """One address in the command: of several, one may be where it connects to."""
    import yaml

    command = entry(body, "command")
    nodes = [command] if isinstance(command, yaml.ScalarNode) else list(scalars(command))
    return [
        TextEdit(start + match.start(), start + match.end(), "0.0.0.0")
        for node in nodes
        if node.style not in {"|", ">"}
        for start in (node.start_mark.index,)
        for match in _LOOPBACK.finditer(text[start : node.end_mark.index])
    ]


# What all edits share


def _read(text: str) -> dict[str, Any] | None:
    import yaml

    if root_of(text) is None:
        return None
    try:
        read = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError, IndexError, TypeError):
        return None
    services = read.get("services") if isinstance(read, dict) else None
    return read if isinstance(services, dict) else None


def _edited(
    text: str,
    service: str,
    edit: "Callable[[MappingNode], list[TextEdit]]",
    change: Callable[[_Service], object],
) -> str:
    """Return the text with an edit if it changes exactly what `change` does; "" if not."""
    before, body = _read(text), service_body(root_of(text), service)
    if before is None or body is None or not isinstance(before["services"].get(service), dict):
        return ""
    edits = edit(body)
    if not edits:
        return ""
    after, wanted = apply_edits(text, *edits), copy.deepcopy(before)
    change(wanted["services"][service])
    return after if _read(after) == wanted else ""


def _with_item(text: str, service: str, key: str, item: str) -> str:
    """Add an item to a list of a service, which may be new."""
    own = (_read(text) or {}).get("services", {}).get(service)
    if not isinstance(own, dict) or not _SAFE.fullmatch(item):
        return ""
    items = own.get(key)
    if isinstance(items, list) and item in map(str, items):
        return text
    if isinstance(items, dict):
        return _with_pair(text, service, key, item)
    if items is None and key in own:
        return ""

    def edit(body: "MappingNode") -> list[TextEdit]:
        node = entry(body, key)
        if node is None:
            return _block(text, key, [item])(body)
        if getattr(node, "flow_style", False):
            at = node.end_mark.index - 1
            return [TextEdit(at, at, f'{", " if items else ""}"{item}"')]
        last = node.value[-1] if node.value else None
        return _line_below(text, last, last, _quoted(item)) if last is not None else []

    def change(own: _Service) -> None:
        own[key] = [*(items or ()), item]

    return _edited(text, service, edit, change)


def _with_pair(text: str, service: str, key: str, item: str) -> str:
    """Add "NAME:VALUE" to a mapping of a service."""
    name, _, value = item.partition(":")

    def edit(body: "MappingNode") -> list[TextEdit]:
        node = entry(body, key)
        last = list(entries(node))[-1:]
        if (
            not last
            or getattr(node, "flow_style", True)
            or any(each.value == name for each, _ in entries(node))
        ):
            return []
        return _line_below(text, *last[0], f'{name}: "{value}"')

    return _edited(text, service, edit, lambda own: own[key].update({name: value}))


def _scalar(text: str, node: "Node", value: str) -> TextEdit:
    """Replace a scalar, with the quotes that it has."""
    quote = text[node.start_mark.index]
    # A port without them may be a number to the base of sixty (YAML 1.1).
    around = quote if quote in "\"'" else '"' * (":" in value and value[0].isdigit())
    return TextEdit(node.start_mark.index, node.end_mark.index, f"{around}{value}{around}")


def _quoted(item: str) -> str:
    return item if re.fullmatch(r"[A-Za-z][\w-]*", item) else f'"{item}"'


def _line_below(text: str, first: "Node", last: "Node", line: str) -> list[TextEdit]:
    """Add a line like that on which a node begins behind its last one."""
    start = text.rfind("\n", 0, first.start_mark.index) + 1
    lead = text[start : first.start_mark.index]
    if not re.fullmatch(r"[ ]*(?:-[ ]+)?", lead):
        return []
    end = _line_end(text, last_line(last))
    return [TextEdit(end, end, f"\n{lead}{line}")]


def _line_end(text: str, number: int) -> int:
    at = -1
    for _ in range(number + 1):
        at = text.find("\n", at + 1)
        if at < 0:
            return len(text)
    return at


def _block(text: str, key: str, items: list[str]) -> "Callable[[MappingNode], list[TextEdit]]":
    """Add a list to a service, behind its first line: mostly the name of its image."""

    def edit(body: "MappingNode") -> list[TextEdit]:
        first = next(entries(body), None)
        if first is None:
            return []
        name, value = first
        start = text.rfind("\n", 0, name.start_mark.index) + 1
        lead = text[start : name.start_mark.index]
        if lead.strip(" ") or not lead:
            return []
        head = f"{key}:" if items else key
        lines = [head, *(f"  - {_quoted(each)}" for each in items)]
        end = _line_end(text, last_line(value))
        return [TextEdit(end, end, "".join(f"\n{lead}{line}" for line in lines))]

    return edit
