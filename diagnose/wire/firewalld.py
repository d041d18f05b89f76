"""firewalld's zones and services, out of what firewall-cmd and dbus-send print and out of its
files (firewalld.zone(5), firewalld.service(5), firewalld.dbus(5)). Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from diagnose.frozen import frozen
from diagnose.model.server import PortRange
from diagnose.wire.text import clean

#: A rule or a list longer than this is cut: nobody writes one.
MOST = 500


@frozen
class ZoneText:
    """A zone as written: what its services open is not known to it."""

    name: str
    target: str = "default"
    active: bool = False
    default: bool = False
    interfaces: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    ports: tuple[PortRange, ...] = ()
    rich_rules: tuple[str, ...] = ()
    forward_ports: tuple[str, ...] = ()


@frozen
class ServiceText:
    """A service: the ports it opens and the services it includes."""

    ports: tuple[PortRange, ...] = ()
    includes: tuple[str, ...] = ()


def port_range(port: str, protocol: str) -> PortRange | None:
    """ "443" or "8000-8010" and its protocol; None where it is no port."""
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", port.strip())
    if not found:
        return None
    low = int(found[1])
    return PortRange(low, int(found[2] or low), clean(protocol.lower(), 10))


def opened(
    ports: Iterable[PortRange],
    services: Iterable[str],
    known: Mapping[str, ServiceText],
) -> tuple[PortRange, ...]:
    """All that ports and services open, includes followed."""
    found = dict.fromkeys(ports)
    waiting, seen = list(services), set()
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in known:
            continue
        seen.add(name)
        found |= dict.fromkeys(known[name].ports)
        waiting += known[name].includes
    return tuple(found)


# ---- firewall-cmd --list-all-zones


def list_all_zones(text: str) -> tuple[ZoneText, ...]:
    """The output of `firewall-cmd --list-all-zones` (or `--list-all`), of the runtime or the
    permanent configuration."""
    found: list[ZoneText] = []
    key = ""
    for line in text.splitlines():
        if head := re.fullmatch(r"(\S[^(]*?)(?: \(([^)]*)\))?\s*", line):
            marks = (head[2] or "").split(", ")
            name = clean(head[1], 64)
            found.append(ZoneText(name, active="active" in marks, default="default" in marks))
        elif found and (one := re.match(r"  ([a-z][\w -]*):(.*)", line)):
            key = one[1]
            found[-1] = _listed(found[-1], key, one[2].strip())
        elif found and line.strip() and len(line) > 2 and line[0] in "\t ":
            found[-1] = _listed(found[-1], key, line.strip())
    return tuple(found)


def _listed(zone: ZoneText, key: str, value: str) -> ZoneText:
    if not value:
        return zone
    words = tuple(clean(word, 128) for word in value.split()[:MOST])
    match key:
        case "target":
            return replace(zone, target=words[0])
        case "interfaces":
            return replace(zone, interfaces=zone.interfaces + words)
        case "sources":
            return replace(zone, sources=zone.sources + words)
        case "services":
            return replace(zone, services=zone.services + words)
        case "ports":
            pairs = (word.partition("/") for word in words)
            return replace(zone, ports=zone.ports + _ranges((p, q) for p, _, q in pairs))
        case "protocols":
            return replace(zone, ports=zone.ports + _whole(words))
        case "forward-ports":
            return replace(zone, forward_ports=(*zone.forward_ports, clean(value, 500)))
        case "rich rules":
            return replace(zone, rich_rules=(*zone.rich_rules, clean(value, 500)))
    return zone


def _ranges(pairs: Iterable[tuple[str, str]]) -> tuple[PortRange, ...]:
    return tuple(found for port, protocol in pairs if (found := port_range(port, protocol)))


def _whole(protocols: Iterable[str]) -> tuple[PortRange, ...]:
    """A protocol that is let through as such has all its ports open."""
    return tuple(PortRange(0, 65535, name) for name in protocols if name in {"tcp", "udp"})


def info_service(text: str) -> ServiceText:
    """The output of `firewall-cmd --info-service=…`."""
    found = dict(re.findall(r"^  (ports|includes):(.*)$", text, re.MULTILINE))
    pairs = (word.partition("/") for word in found.get("ports", "").split())
    includes = tuple(clean(word, 64) for word in found.get("includes", "").split())
    return ServiceText(_ranges((p, q) for p, _, q in pairs), includes)


# ---- dbus-send --print-reply


_TOKEN = re.compile(
    r"\s*(?:"
    r'string "(?P<string>.*?)"(?=\n\s*(?:string |variant|array \[|dict entry\(|struct \{|'
    r"boolean |u?int|byte |double |object path |[\])}])|\s*\Z)"
    r'|object path "(?P<path>[^"]*)"'
    r"|boolean (?P<boolean>true|false)"
    r"|(?:u?int(?:16|32|64)|byte|double) (?P<number>\S+)"
    r"|variant(?=\s)(?P<variant>)"
    r"|(?P<open>array \[|dict entry\(|struct \{)"
    r"|(?P<close>[\])}])"
    r")",
    re.DOTALL,
)


def dbus_reply(text: str) -> Any:
    """The value that `dbus-send --print-reply` printed: dicts, lists, tuples, strings, numbers.
    ValueError where it is an error reply or cannot be read."""
    head, _, body = text.partition("\n")
    if not head.startswith("method return"):
        raise ValueError(clean(head))
    stack: list[tuple[str, list[Any]]] = [("", [])]
    position = 0
    while found := _TOKEN.match(body, position):
        position = found.end()
        if found["open"]:
            stack.append((found["open"], []))
        elif found["close"]:
            if len(stack) == 1:
                break
            kind, items = stack.pop()
            stack[-1][1].append(_closed(kind, items))
        elif found["variant"] is None:
            stack[-1][1].append(_scalar(found))
    if len(stack) != 1 or body[position:].strip() or not stack[0][1]:
        raise ValueError("not a reply that dbus-send prints")
    return stack[0][1][0]


def _scalar(found: re.Match[str]) -> Any:
    if found["boolean"]:
        return found["boolean"] == "true"
    if found["number"]:
        return float(found["number"]) if "." in found["number"] else int(found["number"])
    return found["path"] if found["path"] is not None else found["string"]


@frozen
class _Entry:
    key: Any
    value: Any


def _closed(kind: str, items: list[Any]) -> Any:
    if kind == "dict entry(":
        if len(items) != 2 or not isinstance(items[0], str | int):
            raise ValueError("a dict entry has a key and a value")
        return _Entry(*items)
    if kind == "struct {":
        return tuple(items)
    if items and all(isinstance(item, _Entry) for item in items):
        return {item.key: item.value for item in items}
    return items


def zone_settings(name: str, settings: Any) -> ZoneText:
    """The reply of getZoneSettings2 (firewalld.dbus(5)). ValueError where it is none."""
    if not isinstance(settings, dict):
        raise ValueError("not the settings of a zone")
    ports = _ranges(pair for pair in settings.get("ports", []) if len(pair) == 2)
    forwards = [one for one in settings.get("forward_ports", []) if len(one) == 4]
    return ZoneText(
        name=clean(name, 64),
        target=clean(settings.get("target", "default"), 20),
        interfaces=_words(settings.get("interfaces")),
        sources=_words(settings.get("sources")),
        services=_words(settings.get("services")),
        ports=ports + _whole(_words(settings.get("protocols"))),
        rich_rules=_words(settings.get("rules_str"), 500),
        forward_ports=tuple(_forward(*map(str, one)) for one in forwards),
    )


def service_settings(settings: Any) -> ServiceText:
    """The reply of getServiceSettings2. ValueError where it is none."""
    if not isinstance(settings, dict):
        raise ValueError("not the settings of a service")
    pairs = [pair for pair in settings.get("ports", []) if len(pair) == 2]
    protocols = _whole(_words(settings.get("protocols")))
    return ServiceText(_ranges(pairs) + protocols, _words(settings.get("includes")))


def _words(values: Any, limit: int = 128) -> tuple[str, ...]:
    return tuple(clean(str(value), limit) for value in (values or [])[:MOST])


def _forward(port: str, protocol: str, to_port: str, to_address: str) -> str:
    return clean(f"port={port}:proto={protocol}:toport={to_port}:toaddr={to_address}", 500)


# ---- the files


@frozen
class _Element:
    name: str
    attributes: dict[str, str]
    children: "list[_Element]"


def _xml(text: str) -> _Element:
    """The elements of a small XML file, without its text. ValueError where it is none."""
    from xml.parsers import expat

    root = _Element("", {}, [])
    open_elements = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        element = _Element(name, attributes, [])
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def no_entities(*_: Any) -> None:
        raise ValueError("a file of firewalld declares no entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: open_elements.pop()
    parser.EntityDeclHandler = no_entities
    try:
        # The text is Unicode already: what the declaration says of its encoding is past.
        parser.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode(errors="replace"), True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    return root.children[0]


def zone_file(name: str, text: str) -> ZoneText:
    """A zone's file (firewalld.zone(5)). ValueError where it is none, as for firewalld."""
    root = _xml(text)
    if root.name != "zone":
        raise ValueError("not a zone")
    every = root.children[:MOST]
    return ZoneText(
        name=clean(name, 64),
        target=clean(root.attributes.get("target", "default"), 20),
        interfaces=_all(every, "interface", "name"),
        sources=tuple(_source(one) for one in every if one.name == "source"),
        services=_all(every, "service", "name"),
        ports=_opening(every),
        rich_rules=tuple(_rule(one) for one in every if one.name == "rule"),
        forward_ports=tuple(_forwarding(one) for one in every if one.name == "forward-port"),
    )


def service_file(text: str) -> ServiceText:
    """A service's file (firewalld.service(5)). ValueError where it is none."""
    root = _xml(text)
    if root.name != "service":
        raise ValueError("not a service")
    every = root.children[:MOST]
    return ServiceText(_opening(every), _all(every, "include", "service"))


def _opening(elements: list[_Element]) -> tuple[PortRange, ...]:
    ports = (_port(one) for one in elements if one.name == "port")
    return _ranges(ports) + _whole(_all(elements, "protocol", "value"))


def _all(elements: Iterable[_Element], kind: str, attribute: str) -> tuple[str, ...]:
    return tuple(
        clean(one.attributes.get(attribute, ""), 128) for one in elements if one.name == kind
    )


def _port(element: _Element) -> tuple[str, str]:
    return element.attributes.get("port", ""), element.attributes.get("protocol", "")


def _forwarding(element: _Element) -> str:
    known = element.attributes
    return _forward(*_port(element), known.get("to-port", ""), known.get("to-addr", ""))


def _source(element: _Element) -> str:
    known = element.attributes
    if "ipset" in known:
        return clean(f"ipset:{known['ipset']}", 128)
    return clean(known.get("address") or known.get("mac") or "", 128)


def _rule(rule: _Element) -> str:
    """A rich rule as firewall-cmd writes it (firewalld.richlanguage(5))."""
    words = ["rule", *_attributes(rule, ("priority", "family"))]
    for child in rule.children:
        inverted = child.attributes.get("invert", "").lower() in {"true", "yes"}
        words += [child.name, *["NOT"] * inverted]
        words += _attributes(child, tuple(name for name in child.attributes if name != "invert"))
        for limit in child.children:
            words += [limit.name, *_attributes(limit, ("value",))]
    return clean(" ".join(words), 500)


def _attributes(element: _Element, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in element.attributes:
            yield f'{name}="{element.attributes[name]}"'


def configuration(text: str) -> dict[str, str]:
    """firewalld.conf(5): its keys and values."""
    pairs = re.findall(r"^\s*(\w+)\s*=\s*(.*?)\s*$", text, re.MULTILINE)
    return {key: clean(value, 100) for key, value in pairs}


def direct_rules(text: str) -> tuple[str, ...]:
    """The arguments of the rules of direct.xml (firewalld.direct(5)), "-p tcp --dport 443 …"."""
    found = re.findall(r"<rule\b[^>]*>([^<]{1,500})</rule>", text)
    return tuple(clean(rule, 500) for rule in found[:MOST])
