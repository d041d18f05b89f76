"""What tests of the history tell of: entries, and what was seen before and after."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from diagnose.checking.verdicts import Status
from diagnose.history import (
    FingerprintChange,
    HistoryEntry,
    change_text,
    changes_since_healthy,
    make_entry,
)
from diagnose.model import Evidence, Observation, Report
from diagnose.model.firewall import Firewalld, PortRange, Zone
from diagnose.model.netfilter import Ruleset
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxProcess, NginxState
from diagnose.model.server import Listener, Listeners
from tests.support.check_evidence import NOW, SHOP
from tests.support.report_builder import ANSWER, report

URL = "https://shop.example.com/"
MAIN, CONF = "/etc/nginx/nginx.conf", "/etc/nginx/conf.d/shop.conf"
EDITED = NOW - timedelta(minutes=9)
HTTPS = PortRange(443, 443, "tcp")


def an_entry(status: Status = "ok", minutes: int = -60, **more: object) -> HistoryEntry:
    at = (NOW + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    one = HistoryEntry(at, URL, (), "", status, (), 0.3, {})
    return replace(one, **more)  # type: ignore[arg-type]


def an_hour_ago(*seen: Observation) -> HistoryEntry:
    """A run in which all was well. Of what proves that no more than `seen` is remembered here."""
    past = Report(Evidence(SHOP, NOW - timedelta(hours=1), (*seen, ANSWER)))
    return replace(make_entry(past), status="ok")


def changed(
    before: tuple[Observation, ...], after: tuple[Observation, ...]
) -> list[FingerprintChange]:
    return list(changes_since_healthy([an_hour_ago(*before)], URL, report(*after)))


def said(before: tuple[Observation, ...], after: tuple[Observation, ...]) -> list[str]:
    return [change_text(one, "en", NOW) for one in changed(before, after)]


def config(*files: tuple[str, str], at: datetime = EDITED) -> NginxConfig:
    return NginxConfig(
        path=MAIN, files=tuple(ConfigFile(path, text, at.timestamp()) for path, text in files)
    )


def listening(*sockets: Listener) -> Listeners:
    return Listeners(sockets=sockets)


def listener(port: int, process: str | None = "nginx", address: str = "0.0.0.0") -> Listener:
    return Listener(address=address, port=port, family=4, process=process)


def zone(*services: str, permanent: bool = False, name: str = "public") -> Zone:
    return Zone(name=name, permanent=permanent, services=services, interfaces=("eth0",))


RUNNING = Firewalld(running=True, default_zone="public")


def master(loaded: datetime) -> NginxState:
    process = NginxProcess(pid=1, binary="/usr/sbin/nginx", loaded=loaded.timestamp())
    return NginxState(installed=True, masters=(process,))


def nft(*objects: object) -> Ruleset:
    return Ruleset(tool="nft", text=json.dumps({"nftables": [{"metainfo": {}}, *objects]}))
