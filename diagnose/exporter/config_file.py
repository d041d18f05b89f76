"""Reads `blackbox.yml`, and shows it without its secrets."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from diagnose.exporter import modules
from diagnose.exporter.values import HIDDEN, ByteSize, Duration, Regexp, Secret
from diagnose.parsers.proxy_url import masked

SectionT = TypeVar("SectionT", bound=msgspec.Struct)

#: Maximum bytes of a configuration file, and of values in it: aliases make any number of few bytes.
MAX_BYTES, MAX_VALUES = 4 << 20, 1_000_000

#: Header fields whose values /config hides: they are credentials in most requests.
_SECRET_FIELD = re.compile(r"(?i)authorization|cookie|token|secret|passw|api-?key|credential")


class ConfigError(Exception):
    """The configuration cannot be used. The message is one line."""


class _Loader(yaml.SafeLoader):
    """A loader that leaves every scalar a string: the field that takes it decides its type, as in
    Go. `password: 0123` stays what was written. A key that is given twice is an error, as in Go."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        repeated, times = next(iter(keys.most_common(1)), ("", 0))
        if times > 1:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"the key {repeated!r} is twice in the section of line {line}")
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), None
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])

_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_BOOLEAN_FIELDS = {
    name
    for section in vars(modules).values()
    if isinstance(section, type) and issubclass(section, modules.Section)
    for name, kind in section.__annotations__.items()
    if kind is bool
}


def load_configuration(path: str) -> modules.Configuration:
    """Return the configuration of a file. Raise ConfigError."""
    document = _document(path)
    try:
        configuration = _converted(path, document, modules.Configuration)
    except ConfigError:
        for name, section in _sections(document):
            _converted(f"{path}: module {name!r}", section, modules.Module)
        raise
    for name, module in configuration.modules.items():
        problem = _problem(module)
        if problem:
            raise ConfigError(f"{path}: module {name!r}: {problem}")
    return configuration


def load_section(path: str, kind: type[SectionT]) -> SectionT:
    """Return a YAML file as a value of this kind. Raise ConfigError."""
    return _converted(path, _document(path), kind)


def _converted(place: str, document: Any, kind: type[SectionT]) -> SectionT:
    try:
        return msgspec.convert({} if document is None else document, kind, strict=False,
            dec_hook=_decode)  # fmt: skip
    except msgspec.ValidationError as error:
        raise ConfigError(f"{place}: {error}") from None


def _sections(document: Any) -> list[tuple[str, Any]]:
    """Return the modules by name, of a document that may hold anything."""
    module_sections = document.get("modules") if isinstance(document, dict) else None
    return list(module_sections.items()) if isinstance(module_sections, dict) else []


def _document(path: str) -> Any:
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    if len(text) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes")
    try:
        document = yaml.load(text, _Loader)
        if _value_count(document) > MAX_VALUES:
            raise yaml.YAMLError(f"its aliases make more than {MAX_VALUES} values")
        return _without_nulls(document)
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from None


def _value_count(document: Any) -> int:
    """Return how many values a document has with its aliases resolved, without resolving them:
    each list and section is counted once. Raise RecursionError for one that holds itself."""
    counts: dict[int, int] = {}

    def count(value: Any) -> int:
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in counts:
            parts = value.values() if isinstance(value, dict) else value
            counts[id(value)] = 1 + sum(map(count, parts))
        return counts[id(value)]

    return count(document)


def _without_nulls(value: Any, name: str = "") -> Any:
    """Leave out what has no value: its default holds, as in Go. Booleans are YAML 1.1's too."""
    if isinstance(value, dict):
        return {
            key: _without_nulls(part, str(key)) for key, part in value.items() if part is not None
        }
    if isinstance(value, list):
        return [_without_nulls(part) for part in value if part is not None]
    if name in _BOOLEAN_FIELDS and isinstance(value, str):
        return _BOOLEANS.get(value.lower(), value.lower())
    return value


_DECODERS: dict[type, Callable[[str], object]] = {
    Duration: Duration.parse,
    ByteSize: ByteSize.parse,
    Regexp: Regexp,
    Secret: Secret,
}


def _decode(kind: type, value: Any) -> object:
    if not isinstance(value, str):
        raise ValueError("a text is needed here")
    return _DECODERS[kind](value)


def _problem(module: modules.Module) -> str:
    """Return what is wrong with a module beyond its types, "" if nothing."""
    http, dns = module.http, module.dns
    if http.body and http.body_file:
        return "body and body_file exclude each other"
    if module.prober == "dns" and not dns.query_name:
        return "query_name must be set for the prober dns"
    if module.prober == "dns":
        return _dns_problem(dns)
    for query in (*module.tcp.query_response, *module.websocket.query_response):
        if query.expect and query.expect_bytes:
            return "expect and expect_bytes exclude each other"
    return ""


def _dns_problem(module: modules.DnsModule) -> str:
    import dns.exception
    import dns.rdataclass
    import dns.rdatatype

    try:
        dns.rdatatype.from_text(module.query_type or "ANY")
    except (dns.exception.DNSException, ValueError):
        return f"query_type {module.query_type!r} is not valid"
    try:
        dns.rdataclass.from_text(module.query_class or "IN")
    except (dns.exception.DNSException, ValueError):
        return f"query_class {module.query_class!r} is not valid"
    return ""


def to_yaml(section: msgspec.Struct) -> str:
    """Return a section as YAML, with defaults, without empty values and without secrets."""
    plain = msgspec.to_builtins(section, enc_hook=_encode)
    return yaml.safe_dump(_compact(plain), sort_keys=False, allow_unicode=True)


def _encode(value: object) -> object:
    match value:
        case Secret():
            return HIDDEN if value else ""
        case Duration():
            return str(value) if value else ""
        case Regexp():
            return value.text
        case ByteSize():
            return str(value) if value else ""
    raise NotImplementedError(type(value))


def _compact(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        parts = {key: _compact(part, key) for key, part in value.items()}
        return {
            key: part for key, part in parts.items() if part not in ("", [], {}, None, False, 0)
        }
    if isinstance(value, list):
        return [_compact(part, name) for part in value]
    if name == "proxy_url" and value:
        return masked(value)
    return HIDDEN if value and isinstance(value, str) and _SECRET_FIELD.search(name) else value
