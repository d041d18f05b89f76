"""Every reader of the program: each public function that takes text or bytes from outside.

They are found, and not listed: a new one is tried as soon as it is there. What it takes besides the
text is named here, where it is not a text itself.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import diagnose.parsers
import diagnose.probes
from diagnose.model import Evidence, Target
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.parsers.apache.config import parse as apache_directives
from diagnose.parsers.apache.loading import ConfigSource, load
from diagnose.parsers.apache.sites import sites_of
from diagnose.parsers.caddy.passes import passes_of
from diagnose.parsers.caddy.slips import slip_of
from diagnose.parsers.nginx.access_log import COMBINED, parse_format
from diagnose.parsers.nginx.commented_blocks import commented_locations
from diagnose.parsers.nginx.commented_lines import commented_lines
from diagnose.parsers.nginx.config import parse, walk
from diagnose.parsers.nginx.error_log import Clock
from diagnose.parsers.nginx.near_places import commented_places
from diagnose.parsers.server_words import Product
from diagnose.parsers.target import UsageError
from diagnose.probes.inside import server_detection
from diagnose.recording.redaction import Mask
from diagnose.recording.redaction_http import kept_body, kept_message
from diagnose.recording.redaction_names import host_names, upstream_hosts

#: Modules besides those of `diagnose.parsers`.
OTHERS = (
    "diagnose.recording.codec",
    "diagnose.net.resolvconf",
    "diagnose.net.http",
)

#: What readers take besides their text, by the parameter's name.
GIVEN: dict[str, Any] = {
    "clock": Clock(1_790_000_000.0, "2026/11/24 12:00:00"),
    "dns_names": ("*.example.com",),
    "addresses": ("192.0.2.1",),
    "headers": (("Strict-Transport-Security", "max-age=1"),),
    "choices": ("fix", "record"),
    "target": Target("", "https", "shop.example.com", 443),
    "lines": ("a",),
    "paths": ("/a", "/assets/a.js"),
    "line_number": 2,
    "frontends": ("web",),
    "line_format": parse_format(COMBINED),
    "members": lambda _: (),
    "handler": {"handler": "rewrite", "strip_path_prefix": "/a"},
    "router": {"middlewares": ["a"]},
    "middlewares": {"a": {"stripPrefix": {"prefixes": ["/a"]}}},
    "product": Product("apache", "apachectl -t"),
    "sections": apache_directives("<Directory /a>\nRequire all denied\n</Directory>", "/a"),
    "status": 413,
    "major": 3,
    "first": 1,
    "last": 100,
    "limit": 100,
    "now": 1_790_000_000.0,
    "opened": 3,
    "port": 443,
    "position": 100,
    "is_whole": True,
    "is_new": True,
    "tls13": True,
    "ignore_case": False,
    "family": 4,
    "mapping": (80, 80),
    "wanted": ("127.0.0.1", 80, 81),
    "mount": ("/srv/a", "/a"),
    "moved": ("/srv/b", "/b"),
    "items": ["a"],
    "number": 2,
    "numbers": [1, 2],
    "values": {
        "now": ["v18.19.0 /usr/bin/node"],
        "runtime": ["java 21.0.2 /usr/lib/jvm/java-21/bin/java"],
    },
}
#: Their first text is made by the program itself, and not by a stranger.
OWN = {
    "diagnose.parsers.dns:query",
    "diagnose.parsers.compose_files:compose_diff",
    "diagnose.parsers.compose_lines:line_below",
    "diagnose.parsers.compose_lines:scalar_edit",
    "diagnose.parsers.nginx.commented_blocks:commented_locations",
    "diagnose.parsers.nginx.commented_lines:commented_lines",
    "diagnose.parsers.nginx.near_places:commented_places",
    "diagnose.parsers.nginx.edits:diff",
    "diagnose.parsers.nginx.edits:enclose_directive",
    "diagnose.parsers.nginx.edits:insert_after",
    "diagnose.parsers.nginx.edits:insert_before",
    "diagnose.parsers.nginx.edits:insert_first",
    "diagnose.parsers.nginx.edits:insert_last",
    "diagnose.parsers.nginx.edits:insert_location",
    "diagnose.parsers.nginx.edits:one_line",
    "diagnose.parsers.nginx.edits:indent_step",
    "diagnose.parsers.nginx.edits:remove_directive",
    "diagnose.parsers.nginx.edits:indentation",
    "diagnose.parsers.nginx.config:expand",
    "diagnose.parsers.firewalld.rich_rules:forward_port_matches",
    "diagnose.parsers.netfilter.extensions:parse_extension",
    "diagnose.parsers.netfilter.targets:target_steps",
    "diagnose.parsers.nginx.proxy_headers:buffer_settings",
    "diagnose.parsers.firewalld.dbus_output:zone_settings",
    "diagnose.parsers.firewalld.dbus_output:policy_settings",
    "diagnose.parsers.netfilter.persisted_rules:chains",
    "diagnose.parsers.firewalld.rich_rules:is_address_in",
    "diagnose.recording.codec:read_recording",
    "diagnose.parsers.apache.loading:load",
    "diagnose.parsers.apache.routes:route_to",
}
#: What a reader may raise: it is its answer.
ANSWERS: dict[str, type[Exception]] = {
    "diagnose.recording.codec:decode": UsageError,
    "diagnose.parsers.target:parse_target": UsageError,
    "diagnose.parsers.target:socket_path": UsageError,
    "diagnose.parsers.dns:parse_answer": ValueError,
    "diagnose.parsers.firewalld.dbus_output:dbus_reply": ValueError,
    "diagnose.parsers.firewalld.config_files:zone_file": ValueError,
    "diagnose.parsers.firewalld.config_files:policy_file": ValueError,
    "diagnose.parsers.firewalld.config_files:service_file": ValueError,
    "diagnose.parsers.firewalld.config_files:direct_rules": ValueError,
    "diagnose.parsers.firewalld.config_files:ipset_entries": ValueError,
    "diagnose.parsers.x509:public_key_der": ValueError,
    "diagnose.parsers.der:elements": ValueError,
    "diagnose.parsers.der:first_element": ValueError,
    "diagnose.parsers.der:sequence": ValueError,
    "diagnose.parsers.der:oid": ValueError,
    "diagnose.parsers.plugin_range:parse_range": ValueError,
    "diagnose.parsers.proxy_url:parse_proxy_url": ValueError,
    "diagnose.parsers.request_fields:header_field": ValueError,
    "diagnose.parsers.request_fields:cookie": ValueError,
    "diagnose.parsers.request_fields:origin": ValueError,
    "diagnose.parsers.request_fields:subprotocol": ValueError,
    "diagnose.parsers.request_fields:method": ValueError,
    "diagnose.parsers.x509_fields:tbs_certificate": ValueError,
    "diagnose.parsers.x509_fields:parse_certificate": ValueError,
    "diagnose.parsers.x509_fields:public_key": ValueError,
    "diagnose.parsers.x509_library:parse_certificate": ValueError,
    "diagnose.parsers.netfilter.nft:parse_ruleset": ValueError,
    "diagnose.parsers.netfilter.rules:address_span": ValueError,
    "diagnose.parsers.ocsp:parse_response": ValueError,
}


@dataclass(frozen=True)
class Reader:
    name: str
    work: Callable[..., Any]

    @property
    def takes_bytes(self) -> bool:
        return self._parameters[0].annotation is bytes

    @property
    def _parameters(self) -> list[inspect.Parameter]:
        return list(inspect.signature(self.work).parameters.values())

    def read(self, text: str) -> object:
        """Have it read a text, in the place of every text that it takes."""
        first, *others = self._parameters
        given = [text.encode("utf-8", "surrogatepass") if first.annotation is bytes else text]
        for one in others:
            if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and one.default is one.empty:
                given.append(GIVEN.get(one.name, text))
        try:
            made = self.work(*given)
            return list(made) if isinstance(made, Iterator) else made
        except ANSWERS.get(self.name, ()):
            return None

    def words(self) -> tuple[str, ...]:
        return _words(self.name.partition(":")[0])


@cache
def _words(module: str) -> tuple[str, ...]:
    """What a module looks for: the texts in its source are what inputs are made of."""
    source = ast.parse(Path(importlib.import_module(module).__file__ or "").read_text("utf-8"))
    found = {
        node.value
        for node in ast.walk(source)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return tuple(sorted(word for word in found if 0 < len(word) <= 40 and "\n" not in word))


def _masked(text: str) -> str:
    return Mask(["shop.example.com", "host", "an odd name", text]).mask_text(text)


def _message_masked(text: str) -> str:
    return kept_message(text, Mask(["shop.example.com"]).mask_text)


def _configuration_masked(text: str) -> object:
    config = NginxConfig(path="a", main=parse(text, "a"), files=(ConfigFile("a", text),))
    return Mask(["shop.example.com"], upstream_hosts(_seen(config))).mask_value(config)


def _names_masked(text: str) -> list[str]:
    config = NginxConfig(path="/a", files=(ConfigFile("/a", text),))
    return list(host_names(_seen(config)))


def _caddy_passes(text: str) -> object:
    return passes_of(text.split("\n"), 1)


def _caddy_slips(text: str) -> object:
    braces = "expecting '}', end with a curly brace, unrecognized directive: header_up"
    return [slip_of(text.split("\n"), 2, message) for message in (text[:500], braces)]


def _nginx_commented_blocks(text: str) -> object:
    blocks = [each for each in walk(parse(text, "/a")) if each.block is not None]
    return [list(commented_locations(text, block)) for block in blocks[:5]]


def _nginx_comments(text: str) -> object:
    blocks = [each for each in walk(parse(text, "/a")) if each.block is not None]
    return [
        (line, list(commented_places(text, block, text)))
        for block in blocks[:5]
        for line in commented_lines(text, block, {"alias", "root", "return"})
    ]


def _apache_sites(text: str) -> object:
    config = load("/a.conf", ConfigSource({"/a.conf": text}, {}), "/", {"A": "b"}, ("ssl",))
    return sites_of(config, "/")


def _seen(config: NginxConfig) -> Evidence:
    return Evidence(Target("", "https", "a", 443), datetime.now(UTC), (config,))


#: What reads outside text and is no function of its own.
MORE = (
    Reader("diagnose.recording.redaction:Mask.text", _masked),
    Reader("diagnose.recording.redaction:names", _names_masked),
    Reader("diagnose.recording.redaction_http:kept_body", kept_body),
    Reader("diagnose.recording.redaction_http:kept_message", _message_masked),
    Reader("diagnose.recording.redaction_nginx:MaskedFiles", _configuration_masked),
    Reader("diagnose.probes.inside.server_detection:names", server_detection.names),
    Reader("diagnose.parsers.apache.sites:configuration", _apache_sites),
    Reader("diagnose.parsers.nginx.commented_blocks:of a text", _nginx_commented_blocks),
    Reader("diagnose.parsers.nginx.commented_lines:of a text", _nginx_comments),
    Reader("diagnose.parsers.caddy.passes:passes_of", _caddy_passes),
    Reader("diagnose.parsers.caddy.slips:slip_of", _caddy_slips),
)


def readers() -> Iterator[Reader]:
    yield from MORE
    inner = pkgutil.walk_packages(diagnose.parsers.__path__, "diagnose.parsers.")
    for name in (*(module.name for module in inner), *OTHERS):
        yield from _readers_of(name, "")
    # Probes parse what their scripts print: titles of processes, names of files, lines of logs.
    probing = pkgutil.walk_packages(diagnose.probes.__path__, "diagnose.probes.")
    for name in (module.name for module in probing):
        yield from _readers_of(name, "parse_")


def _readers_of(module: str, prefix: str) -> Iterator[Reader]:
    """Yield the public functions of a module whose name begins so and that take a text first."""
    for key, work in list(vars(importlib.import_module(module)).items()):
        is_own = inspect.isfunction(work) and work.__module__ == module
        if key.startswith("_") or not key.startswith(prefix) or not is_own:
            continue
        parameters = list(inspect.signature(work).parameters.values())
        reader = Reader(f"{module}:{key}", work)
        if parameters and parameters[0].annotation in {str, bytes} and reader.name not in OWN:
            yield reader
