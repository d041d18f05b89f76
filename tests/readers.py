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

import diagnose.wire
from diagnose.model import Evidence, Target
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.outputs.redaction import Mask, endpoints, names
from diagnose.outputs.redaction_http import kept_body, kept_message
from diagnose.probes.inside import here
from diagnose.targets import UsageError
from diagnose.wire.errorlog import Clock
from diagnose.wire.nginx import parse

#: Modules besides those of `diagnose.wire`.
OTHERS = ("diagnose.record", "diagnose.net.resolvconf", "diagnose.net.http", "diagnose.targets")

#: What readers take besides their text, by the parameter's name.
GIVEN: dict[str, Any] = {
    "clock": Clock(1_790_000_000.0, "2026/11/24 12:00:00"),
    "dns_names": ("*.example.com",),
    "addresses": ("192.0.2.1",),
    "headers": (("Strict-Transport-Security", "max-age=1"),),
    "known": ("fix", "record"),
    "lines": ("a",),
    "members": lambda _: (),
    "most": 100,
    "port": 443,
    "tls13": True,
    "ignore_case": False,
    "family": 4,
}
#: Their first text is made by the program itself, and not by a stranger.
OWN = {
    "diagnose.wire.dns:query", "diagnose.wire.edits:diff", "diagnose.wire.edits:after",
    "diagnose.wire.edits:before", "diagnose.wire.edits:first", "diagnose.wire.edits:gone",
    "diagnose.wire.edits:indentation", "diagnose.wire.nginx:expand",
    "diagnose.wire.firewalld.rich:forwards", "diagnose.wire.netfilter.extensions:read_extension",
    "diagnose.wire.netfilter.targets:steps", "diagnose.wire.requests:buffers",
    "diagnose.wire.firewalld.bus:zone_settings", "diagnose.wire.firewalld.bus:policy_settings",
    "diagnose.wire.netfilter.kept:chains", "diagnose.wire.firewalld.rich:within",
    "diagnose.record:load",
}  # fmt: skip
#: What a reader may raise: it is its answer.
ANSWERS: dict[str, type[Exception]] = {
    "diagnose.record:decode": UsageError,
    "diagnose.targets:read": UsageError,
    "diagnose.targets:socket_path": UsageError,
    "diagnose.wire.certificates:from_pem": ValueError,
    "diagnose.wire.dns:read": ValueError,
    "diagnose.wire.firewalld.bus:dbus_reply": ValueError,
    "diagnose.wire.firewalld.files:zone_file": ValueError,
    "diagnose.wire.firewalld.files:policy_file": ValueError,
    "diagnose.wire.firewalld.files:service_file": ValueError,
    "diagnose.wire.firewalld.files:direct_rules": ValueError,
    "diagnose.wire.firewalld.files:ipset_entries": ValueError,
    "diagnose.wire.certificates:public_key_der": ValueError,
    "diagnose.wire.der:elements": ValueError,
    "diagnose.wire.der:first": ValueError,
    "diagnose.wire.der:sequence": ValueError,
    "diagnose.wire.der:oid": ValueError,
    "diagnose.wire.proxies:read": ValueError,
    "diagnose.wire.request_fields:header_field": ValueError,
    "diagnose.wire.request_fields:cookie": ValueError,
    "diagnose.wire.request_fields:origin": ValueError,
    "diagnose.wire.request_fields:subprotocol": ValueError,
    "diagnose.wire.x509_fields:parts": ValueError,
    "diagnose.wire.x509_fields:read": ValueError,
    "diagnose.wire.x509_fields:public_key": ValueError,
    "diagnose.wire.netfilter.nft:read": ValueError,
    "diagnose.wire.netfilter.rules:address": ValueError,
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
    return Mask(["shop.example.com", "host", "an odd name", text]).text(text)


def _message_masked(text: str) -> str:
    return kept_message(text, Mask(["shop.example.com"]).text)


def _configuration_masked(text: str) -> object:
    config = NginxConfig(path="a", main=parse(text, "a"), files=(ConfigFile("a", text),))
    return Mask(["shop.example.com"], endpoints(_seen(config))).value(config)


def _names_masked(text: str) -> list[str]:
    config = NginxConfig(path="/a", files=(ConfigFile("/a", text),))
    return list(names(_seen(config)))


def _seen(config: NginxConfig) -> Evidence:
    return Evidence(Target("", "https", "a", 443), datetime.now(UTC), (config,))


#: What reads outside text and is no function of its own.
MORE = (
    Reader("diagnose.outputs.redaction:Mask.text", _masked),
    Reader("diagnose.outputs.redaction:names", _names_masked),
    Reader("diagnose.outputs.redaction_http:kept_body", kept_body),
    Reader("diagnose.outputs.redaction_http:kept_message", _message_masked),
    Reader("diagnose.outputs.redaction_nginx:masked_configuration", _configuration_masked),
    Reader("diagnose.probes.inside.here:names", here.names),
)


def readers() -> Iterator[Reader]:
    yield from MORE
    inner = pkgutil.walk_packages(diagnose.wire.__path__, "diagnose.wire.")
    for name in (*(module.name for module in inner), *OTHERS):
        for key, work in list(vars(importlib.import_module(name)).items()):
            if key.startswith("_") or not inspect.isfunction(work) or work.__module__ != name:
                continue
            parameters = list(inspect.signature(work).parameters.values())
            if parameters and parameters[0].annotation in {str, bytes}:
                reader = Reader(f"{name}:{key}", work)
                if reader.name not in OWN:
                    yield reader
