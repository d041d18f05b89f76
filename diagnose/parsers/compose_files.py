"""The parts of a compose file that say how containers are reached, and what they mount. Pure.

A file with anchors, or of another form than that of most, has no such parts: what a line of it is
in force for cannot be said."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from diagnose.parsers.setting_values import MAX_DEPTH, bracket_depth

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node, ScalarNode

#: Longer files are not read.
MAX_TEXT = 48 << 10
_SHARED = re.compile(r"(?m)(?:^|[\s:\[{,-])(?:[&*]\w|<<\s*:)")
#: What stands in the place of a line that is not read: it may hold a password.
HIDDEN = "#hidden"
_SHOWN = frozenset({"version", "name", "networks"})
_SHOWN_IN_SERVICE = frozenset(
    {
        "image", "container_name", "ports", "expose", "volumes", "networks", "network_mode",
        "extra_hosts", "depends_on", "restart", "hostname",
    }
)  # fmt: skip
#: They are hidden where one of their words is a password's name.
_SHOWN_IF_PLAIN = frozenset({"command", "entrypoint", "build", "working_dir", "user"})
#: The test of a container's health is shown where it asks the container itself, and has no option
#: by which clients are given a password.
_ASKS_ITSELF = re.compile(r"(?:https?://|[ \"'])(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])[:/ ]")
_PASSWORD_OPTION = re.compile(r"""(?:^|[\s"'\[])-(?:[uUpPaHb]|-(?:user|header|post|data))""")
#: The variable by which a program is told the address that it listens on.
LISTEN_VARIABLE = re.compile(
    r"(?:[A-Z0-9]+_)*(?:HOST|HOSTNAME|BIND|BIND_ADDR|BIND_ADDRESS|LISTEN|LISTEN_ADDR|"
    r"LISTEN_ADDRESS|ADDRESS|ADDR|URLS|IP|HTTP_ADDR)"
)
#: The variables of other containers out of which nginx-proxy and its companion make their files.
PROXY_VARIABLES = frozenset(
    {"VIRTUAL_HOST", "VIRTUAL_PORT", "VIRTUAL_PROTO", "VIRTUAL_PATH", "LETSENCRYPT_HOST"}
)
#: The labels by which Traefik finds a container. Those of middlewares may have passwords.
_TRAEFIK_LABEL = re.compile(
    r"(?i)traefik\.(?:enable|docker\.network|http\.(?:routers|services)\.[\w.@-]{1,200})"
)
_LOOPBACK_VALUE = re.compile(r"(?:https?://)?(?:127\.0\.0\.1|localhost|\[?::1\]?)(?::\d{1,5})?/?")
_REVEALING = re.compile(r"(?i)pass|pwd|secret|key|token|cred|salt|auth|://[^/@\s]{1,200}@")


def root_of(text: str) -> "MappingNode | None":
    """Return the file as a tree; None if it is none, or has what is in force at several places."""
    return None if _SHARED.search(text[:MAX_TEXT]) else tree_of(text)


def tree_of(text: str) -> "MappingNode | None":
    """Return the file as a tree; None if it is none."""
    import yaml  # few files are read

    if len(text) > MAX_TEXT or bracket_depth(text) > MAX_DEPTH:
        return None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError, IndexError):
        return None
    return root if isinstance(root, yaml.MappingNode) else None


def entry(node: object, key: str) -> "Node | None":
    """Return the value of a key; None if the node is no mapping, or has none."""
    return next((value for name, value in entries(node) if name.value == key), None)


def entries(node: object) -> "Iterator[tuple[ScalarNode, Node]]":
    """Yield the entries of a mapping whose keys are plain."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, value


def scalars(node: object) -> "Iterator[ScalarNode]":
    """Yield the plain items of a list."""
    import yaml

    if isinstance(node, yaml.SequenceNode):
        yield from (item for item in node.value if isinstance(item, yaml.ScalarNode))


def service_body(root: object, service: str) -> "MappingNode | None":
    """Return the lines of a service as a mapping; None if it has none, or has them in one line."""
    import yaml

    body = entry(entry(root, "services"), service)
    is_usual = isinstance(body, yaml.MappingNode) and not body.flow_style and bool(body.value)
    return body if is_usual and isinstance(body, yaml.MappingNode) else None


def shown_compose(text: str) -> str:
    """Return a compose file with the lines that name images, ports, mounts, networks, listening
    addresses and routes; all others are hidden, and each line keeps its number. "" if it cannot
    be read."""
    root = None if "\r" in text else root_of(text)
    lines, shown, leads = text.split("\n"), set[int](), dict[int, str]()
    for key, value in entries(root):
        if key.value == "services" and not _is_on_one_line(value):
            shown.add(key.start_mark.line)
            for name, body in entries(value):
                if _is_on_one_line(body):
                    continue
                shown.add(name.start_mark.line)
                shown.update(_shown_lines(body, text))
                leads.update(_leads(body, lines))
        elif key.value in _SHOWN:
            shown.update(_lines_of(key, value))
    if root is None or _is_on_one_line(root) or entry(root, "services") is None:
        return ""
    return "\n".join(
        line
        if number in shown and _is_plain(line)
        else leads.get(number, "") + HIDDEN * bool(line.strip())
        for number, line in enumerate(lines)
    )


def _is_on_one_line(node: object) -> bool:
    """Return whether a node is written in brackets: its lines have more than what may be shown."""
    return getattr(node, "flow_style", None) is True


def _leads(body: object, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield what remains of the hidden lines of an environment, of labels, or of a health check:
    the key, and of lists how far the entries are indented, with a dash. A further entry has to
    look like them."""
    import yaml

    for key, value in entries(body):
        if key.value not in {"environment", "labels", "healthcheck"}:
            continue
        yield key.start_mark.line, f"{' ' * key.start_mark.column}{key.value}: "
        if key.value == "healthcheck":
            continue
        if isinstance(value, yaml.CollectionNode) and not value.flow_style:
            names = (name for name, _ in entries(value))
            for item in (*names, *scalars(value)):
                if lead := re.match(r" *(?:- *)?", lines[item.start_mark.line]):
                    yield item.start_mark.line, lead[0]


def _is_plain(line: str) -> bool:
    return not line.lstrip().startswith("#") and not re.search(r"[^\x20-\x7e]", line)


def _shown_lines(body: object, text: str) -> Iterator[int]:
    for key, value in entries(body):
        if key.value in _SHOWN_IN_SERVICE:
            yield from _lines_of(key, value)
        elif key.value in _SHOWN_IF_PLAIN:
            source = text[value.start_mark.index : value.end_mark.index]
            if not _REVEALING.search(source):
                yield from _lines_of(key, value)
        elif key.value == "healthcheck":
            source = text[value.start_mark.index : value.end_mark.index]
            if _ASKS_ITSELF.search(source) and not _may_reveal(source):
                yield from _lines_of(key, value)
        elif key.value == "environment":
            yield from _telling_lines(key, value, _is_telling)
        elif key.value == "labels":
            yield from _telling_lines(key, value, _is_route)


def _may_reveal(source: str) -> bool:
    return bool(_REVEALING.search(source) or _PASSWORD_OPTION.search(source))


def _telling_lines(
    key: "ScalarNode", node: "Node", is_telling: Callable[[str, str], bool]
) -> Iterator[int]:
    """Yield the lines of the variables, or labels, that tell how the service is reached."""
    import yaml

    telling = [
        line
        for name, value in entries(node)
        if isinstance(value, yaml.ScalarNode) and is_telling(name.value, value.value)
        for line in _lines_of(name, value)
    ]
    for item in scalars(node):
        name, _, value = item.value.partition("=")
        if is_telling(name, value):
            telling += _lines_of(item, item)
    # The style of a list that is not indented is None.
    if telling and not getattr(node, "flow_style", True):
        yield from (key.start_mark.line, *telling)


def _is_route(name: str, value: str) -> bool:
    """Return whether a label is one by which Traefik finds the service."""
    return bool(_TRAEFIK_LABEL.fullmatch(name)) and not _REVEALING.search(value)


def _is_telling(name: str, value: str) -> bool:
    """Return whether a variable has a loopback address as what to listen on, or is one that
    nginx-proxy reads."""
    return name in PROXY_VARIABLES or is_loopback_variable(name, value)


def is_loopback_variable(name: str, value: str) -> bool:
    """Return whether a variable tells a program to listen on the loopback address alone."""
    return bool(LISTEN_VARIABLE.fullmatch(name) and _LOOPBACK_VALUE.fullmatch(value))


def _lines_of(key: "Node", value: "Node") -> range:
    return range(key.start_mark.line, last_line(value) + 1)


def last_line(node: "Node") -> int:
    """Return the number of the last line of a node: the mark of a block is behind it."""
    import yaml

    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    line: int = node.end_mark.line
    is_empty = node.start_mark.index == node.end_mark.index
    return node.start_mark.line if is_empty else line - (node.end_mark.column == 0 and line > 0)


def compose_diff(path: str, before: str, after: str) -> str:
    """Return the unified diff of a file whose other lines are hidden: as many lines around each
    change as are known on both sides of it, for patch(1) takes fewer on one side for the file's
    end."""
    import difflib  # most runs edit nothing

    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    changes = [codes for codes in matcher.get_opcodes() if codes[0] != "equal"]
    written = [f"--- {path}\n+++ {path}\n"] if changes else []
    for number, (_, start, stop, new_start, new_stop) in enumerate(changes):
        behind = changes[number + 1][1] if number + 1 < len(changes) else len(old)
        ahead = changes[number - 1][2] if number else 0
        above, below = start - ahead, behind - stop
        around = _known_around(
            old,
            above // 2 if number else above,
            below // 2 if behind < len(old) else below,
            start,
            stop,
        )
        lines = [
            *(f" {line}" for line in old[start - around : start]),
            *(f"-{line}" for line in old[start:stop]),
            *(f"+{line}" for line in new[new_start:new_stop]),
            *(f" {line}" for line in old[stop : stop + around]),
        ]
        heads = (
            _range(first - around, last - first + 2 * around)
            for first, last in ((start, stop), (new_start, new_stop))
        )
        written.append("@@ -{} +{} @@\n".format(*heads))
        written += (
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )
    return "".join(written)


def _range(start: int, count: int) -> str:
    """A range without lines names the line before it."""
    return f"{start + (count > 0)},{count}"


def _known_around(lines: list[str], above: int, below: int, start: int, stop: int) -> int:
    """Return how many lines are known both above and below a change, three at most. Between two
    changes each may have half of the lines, so that none is in both."""
    count = 0
    while count < min(3, above, below):
        sides = (lines[start - count - 1], lines[stop + count])
        if any(side.rstrip("\n").endswith(HIDDEN) for side in sides):
            break
        count += 1
    return count
