"""Edits of a service in a compose file: its ports, mounts, networks, names and what it listens on.

Each returns the text with the change, the same text if it is so already, and "" if that cannot be
done: the file is read again after each edit, and nothing else in it may have changed. Pure."""

import posixpath
import re
from typing import TYPE_CHECKING

from diagnose.parsers.compose_files import (
    entries,
    entry,
    is_loopback_variable,
    last_line,
    root_of,
    scalars,
    service_body,
)
from diagnose.parsers.compose_lines import (
    Service,
    edited,
    line_end,
    new_block,
    scalar_edit,
    with_item,
)
from diagnose.parsers.compose_variables import variable_of
from diagnose.parsers.nginx.edits import TextEdit

if TYPE_CHECKING:
    from yaml.nodes import MappingNode

_PORT = re.compile(
    r"(?:(\d{1,3}(?:\.\d{1,3}){3}|\[[\da-fA-F:.]{2,45}\]):)?(?:(\d{1,5}):)?(\d{1,5})(/tcp)?"
)
#: No address, and those that mean every one.
_ALL = (None, "0.0.0.0", "[::]")


def with_port(text: str, service: str, published: str) -> str:
    """Publish a port: "127.0.0.1:3000:3000"."""
    return with_item(text, service, "ports", published)


def with_argument(text: str, service: str, argument: str) -> str:
    """Give the program of a service a further argument, where its command is a list."""
    body = service_body(root_of(text), service)
    return with_item(text, service, "command", argument) if entry(body, "command") else ""


def with_restart(text: str, service: str) -> str:
    """Let the engine start a service after a boot, unless somebody stopped it. A policy by which it
    does already stays."""
    import yaml

    node = entry(service_body(root_of(text), service), "restart")
    words = node.value.partition(":")[0] if isinstance(node, yaml.ScalarNode) else ""
    has_none = words in {"no", "false", "on-failure"}
    if node is not None and not has_none:
        return text

    def edit(body: "MappingNode") -> list[TextEdit]:
        if node is not None:
            return [scalar_edit(text, node, "unless-stopped")]
        return new_block(text, "restart: unless-stopped", [])(body)

    return edited(edit, lambda own: own.update({"restart": "unless-stopped"}), text, service)


def with_image(text: str, service: str, old: str, new: str) -> str:
    """Give a service another image in place of this one."""
    import yaml

    node = entry(service_body(root_of(text), service), "image")
    if not isinstance(node, yaml.ScalarNode) or node.value != old:
        return ""
    scalar = node
    return edited(
        lambda body: [scalar_edit(text, scalar, new)],
        lambda own: own.update({"image": new}),
        text,
        service,
    )


def opens_to_all(before: str, after: str, service: str) -> bool:
    """Return whether a service has a port at all addresses of the server that it had not before:
    engines open a published port to everybody, also past the firewall. Traefik shows a container
    that is enabled."""
    old, new = (_public_ports(text, service) for text in (before, after))
    return not new <= old


def _public_ports(text: str, service: str) -> frozenset[str]:
    body = service_body(root_of(text), service)
    mode = getattr(entry(body, "network_mode"), "value", "")
    ports = (_PORT.fullmatch(item.value) for item in scalars(entry(body, "ports")))
    is_enabled = variable_of(text, service, "traefik.enable", "labels") == "true"
    return frozenset(
        [match[2] for match in ports if match and match[2] and match[1] in _ALL]
        + ["host"] * (mode == "host")
        + ["traefik"] * is_enabled
    )


def with_extra_host(text: str, service: str, name: str) -> str:
    """Let a name mean the server itself: "host.docker.internal" (docker-run(1), --add-host)."""
    return with_item(text, service, "extra_hosts", f"{name}:host-gateway")


def without_extra_host(text: str, service: str, name: str) -> str:
    """Take a name out of `extra_hosts`, and that with it if nothing else is in it."""

    def is_it(item: object) -> bool:
        return re.split("[:=]", str(item), maxsplit=1)[0] == name

    def edit(body: "MappingNode") -> list[TextEdit]:
        pair = next((pair for pair in entries(body) if pair[0].value == "extra_hosts"), None)
        hosts = list(scalars(pair[1])) if pair else []
        hosts_to_remove = [item for item in hosts if is_it(item.value)]
        if pair is None or len(hosts_to_remove) != 1 or getattr(pair[1], "flow_style", True):
            return []
        first, last = (hosts_to_remove[0], hosts_to_remove[0]) if len(hosts) > 1 else pair
        start = line_end(text, first.start_mark.line - 1) if first.start_mark.line else 0
        return [TextEdit(start, line_end(text, last_line(last)), "")]

    def change(own: Service) -> None:
        own["extra_hosts"] = [each for each in own["extra_hosts"] if not is_it(each)]
        if not own["extra_hosts"]:
            del own["extra_hosts"]

    return edited(edit, change, text, service)


def with_mount(text: str, service: str, volume: str) -> str:
    """Mount a further file or folder: "/etc/letsencrypt:/etc/letsencrypt:ro"."""
    return with_item(text, service, "volumes", volume)


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
                return [scalar_edit(text, item, written + (match[4] or ""))]
        return []

    def change(own: Service) -> None:
        own["ports"] = [
            _changed_port(each, mapping, written) if isinstance(each, str | int) else each
            for each in own["ports"]
        ]

    has_it = mapping == (outer, inner) and not address
    done = edited(edit, change, text, service)
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
        mounts = [item for item in scalars(entry(body, "volumes")) if changed(item.value)]
        return [scalar_edit(text, item, changed(item.value)) for item in mounts if len(mounts) == 1]

    def change(own: Service) -> None:
        own["volumes"] = [
            (changed(each) or each) if isinstance(each, str) else each for each in own["volumes"]
        ]

    return edited(edit, change, text, service)


_LOOPBACK = re.compile(r"(?<![\w.])(?:127\.0\.0\.1|localhost)(?![\w.])")


def with_open_listening(text: str, service: str) -> str:
    """Let the program of a service listen on all addresses of its container, where the file tells
    it the loopback address: in a variable, or in one word of its command."""

    def edit(body: "MappingNode") -> list[TextEdit]:
        listenings = [*_listening_variables(text, body), *_listening_words(text, body)]
        return listenings if len(listenings) == 1 else []

    def change(own: Service) -> None:
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

    return edited(edit, change, text, service)


def _opened(value: object) -> str:
    return _LOOPBACK.sub("0.0.0.0", str(value))


def _listening_variables(text: str, body: "MappingNode") -> list[TextEdit]:
    import yaml

    environment = entry(body, "environment")
    pairs = [
        scalar_edit(text, value, _opened(value.value))
        for name, value in entries(environment)
        if isinstance(value, yaml.ScalarNode) and is_loopback_variable(name.value, value.value)
    ]
    items = [
        scalar_edit(text, item, _opened(item.value))
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
