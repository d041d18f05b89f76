"""The rules by which cloudflared passes visitors on: `ingress:` of its config.yml, or the answer of
its metrics server at /config, which is JSON and so YAML too. No I/O.

The first rule wins whose host name and path are the request's. A rule without a host name is for
all names; `*.example.com` is for every name that ends with `.example.com`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import yaml

from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number

#: Longest text that is read, and most rules.
MAX_TEXT, MAX_RULES = 100_000, 300

_URL = re.compile(
    r"(https?)://(\[[0-9a-fA-F:]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::([0-9]{1,5}))?(?:/.{0,300})?"
)
_STATUS = re.compile(r"http_status:([0-9]{3})")


@frozen
class IngressRule:
    """A rule: for which name and path it is (both "" for all), and what answers (`service`).

    `server_name` is the name that the application's certificate must have, "" for that of the
    address; `matches_name` says that it is the visitors' Host in its place. `is_unverified` is
    whether the certificate is not looked at, `authorities` the file of those that are trusted
    ("" for the system's), and `host_header` the Host that is sent in place of the visitors'.

    `line` is that of `service:`, `origin_line` that of `originRequest:`, both from 1; that is 0 if
    the rule has none, -1 if its settings are not on lines of their own. `column` is where the keys
    of the rule begin, `origin_column` where those below `originRequest:` do.
    """

    service: str
    host: str = ""
    path: str = ""
    server_name: str = ""
    matches_name: bool = False
    is_unverified: bool = False
    authorities: str = ""
    host_header: str = ""
    line: int = 0
    column: int = 0
    origin_line: int = 0
    origin_column: int = 0

    @property
    def status(self) -> int | None:
        """The status that the rule answers itself; None if it passes visitors on."""
        match = _STATUS.fullmatch(self.service)
        return int(match[1]) if match else None

    @property
    def place(self) -> tuple[str, str, int] | None:
        """The scheme, the host and the port of an HTTP service; None for another one."""
        match = _URL.fullmatch(self.service)
        port = whole_number(match[3]) if match and match[3] else None
        if match is None or (match[3] and not 0 < (port or 0) < 65536):
            return None
        return match[1], match[2].strip("[]"), port or (443 if match[1] == "https" else 80)


def ingress_rules(text: str) -> tuple[IngressRule, ...]:
    """Return the rules in their order; () if there are none, or the text is not understood."""
    if len(text) > MAX_TEXT:
        return ()
    try:
        loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
        document = _fields(yaml.compose(text, loader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return ()
    document = _fields(document["config"]) if "config" in document else document
    rules = document.get("ingress")
    common = _fields(document.get("originRequest"))
    listed = rules.value if isinstance(rules, yaml.SequenceNode) else ()
    return tuple(_rules(listed, common))


def rule_for(rules: tuple[IngressRule, ...], host: str, path: str) -> IngressRule | None:
    """Return the rule that gets a request; None if that is not certain."""
    name = host.lower()
    for rule in rules:
        own = rule.host.lower()
        is_host = own in {"", "*", name} or (own.startswith("*.") and name.endswith(own[1:]))
        if is_host and not rule.path:
            return rule
        # Its pattern is one of Go's: only whether it is plain can be said.
        if is_host and re.fullmatch(r"\^?[\w/-]+", rule.path) is None:
            return None
        if is_host and (
            path.startswith(rule.path[1:]) if rule.path[0] == "^" else rule.path in path
        ):
            return rule
    return None


def _rules(nodes: Iterable[object], common: Mapping[str, yaml.Node]) -> Iterator[IngressRule]:
    for node in islice(nodes, MAX_RULES):
        if not isinstance(node, yaml.MappingNode):
            continue
        fields = _fields(node)
        service = _text(fields.get("service"))
        if not service:
            continue
        origin = fields.get("originRequest")
        options = {**common, **_fields(origin)}
        key, below = _key(node, "service"), _key(node, "originRequest")
        inner = None
        if isinstance(origin, yaml.MappingNode) and not origin.flow_style:
            inner = next((key for key, _ in origin.value), None)
        yield IngressRule(
            service=service,
            host=_text(fields.get("hostname")),
            path=_text(fields.get("path")),
            server_name=_text(options.get("originServerName")),
            matches_name=_text(options.get("matchSNItoHost")).lower() == "true",
            is_unverified=_text(options.get("noTLSVerify")).lower() == "true",
            authorities=_text(options.get("caPool")),
            host_header=_text(options.get("httpHostHeader")),
            line=key.start_mark.line + 1 if key and not node.flow_style else 0,
            column=key.start_mark.column if key else 0,
            origin_line=(below.start_mark.line + 1 if inner else -1) if below else 0,
            origin_column=inner.start_mark.column if inner else 0,
        )


def _fields(node: yaml.Node | None) -> dict[str, yaml.Node]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}


def _key(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((key for key, _ in node.value if key.value == name), None)


def _text(node: yaml.Node | None) -> str:
    is_text = isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":null")
    return clean(node.value, 300) if node and is_text else ""
