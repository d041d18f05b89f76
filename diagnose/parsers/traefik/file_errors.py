"""Why Traefik does not take a file of its file provider. No I/O.

Traefik 3.7.15 takes none of a folder's files if one of them is refused: it has a syntax error, a
key twice, or a field that Traefik does not know ("field not found, node: services").
"""

import re
import tomllib
from collections.abc import Iterator

import yaml

from diagnose.model.traefik import RefusedFile
from diagnose.parsers.sanitize import clean
from diagnose.parsers.traefik.configuration import MAX_LENGTH

#: The fields below the sections of HTTP; of a section with names, those below each name.
_FIELDS = {
    (): ("http", "tcp", "udp", "tls"),
    ("http",): ("routers", "services", "middlewares", "serversTransports"),
    ("http", "routers", "*"): ("entryPoints", "middlewares", "service", "rule", "priority", "tls"),
    ("http", "services", "*"): ("loadBalancer", "weighted", "mirroring", "failover"),
    ("http", "services", "*", "loadBalancer"): ("servers", "serversTransport", "passHostHeader"),
    ("http", "services", "*", "loadBalancer", "servers", "*"): ("url", "weight"),
}
_MAX_NODES, _MAX_DEPTH = 20_000, 8
_TOML_PLACE = re.compile(r"\(at line (\d{1,6})")


def file_error(path: str, text: str) -> RefusedFile | None:
    """Return why a file is refused; None if nothing is known against it. A file with a template of
    Go is not judged: it is another one after it was evaluated."""
    if "{{" in text or len(text) > MAX_LENGTH:
        return None
    if path.endswith(".toml"):
        return _toml_error(path, text)
    try:
        loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
        node = yaml.compose(text, loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return RefusedFile(clean(path, 300), line, clean(error.problem or "", 200))
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return next(_node_errors(path, node), None) if node else None


def _toml_error(path: str, text: str) -> RefusedFile | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _TOML_PLACE.search(str(error))
        return RefusedFile(clean(path, 300), int(match[1]) if match else 0, clean(str(error), 200))
    except (RecursionError, ValueError):
        return None
    return None


def _node_errors(path: str, root: yaml.Node) -> Iterator[RefusedFile]:
    """Yield the keys that stand twice, and fields with an "s" too many or too few."""
    nodes: list[tuple[yaml.Node, tuple[str, ...]]] = [(root, ())]
    for _ in range(_MAX_NODES):
        if not nodes:
            return
        node, place = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes += [(each, (*place, "*")) for each in node.value[:1000]]
        if not isinstance(node, yaml.MappingNode) or len(place) > _MAX_DEPTH:
            continue
        seen: dict[str, int] = {}
        for key, value in node.value[:1000]:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen and name != "<<":
                words = f'mapping key "{name}" already defined at line {seen[name]}'
                yield RefusedFile(clean(path, 300), line, clean(words, 200))
            seen[name] = line
            if meant := _meant_field(name, place):
                words = f"field not found, node: {name}"
                yield RefusedFile(clean(path, 300), line, clean(words, 200), clean(name, 60), meant)
            nodes.append((value, _below(place, name)))


def _below(place: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return the place below a key, with "*" for a name that a person chose."""
    is_own = place in {("http", "routers"), ("http", "services"), ("http", "middlewares")}
    known = next((field for field in _FIELDS.get(place, ()) if field.lower() == name.lower()), name)
    return (*place, "*" if is_own else known)


def _meant_field(name: str, place: tuple[str, ...]) -> str:
    """Return the field whose name has an "s" more or less, "" if there is none. Fields are compared
    without case."""
    for field in _FIELDS.get(place, ()):
        one, other = name.lower(), field.lower()
        if one == other:
            return ""
        if f"{one}s" == other or one == f"{other}s":
            own = {each.lower() for each in _FIELDS[place]}
            return "" if one in own else field
    return ""
