"""The name in the certificate of an application, after nginx rejects it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Vantage
from diagnose.model.backends import BackendHandshake
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import SiteRoute
from diagnose.probes.inside import backends
from diagnose.probes.inside import upstream_certificates as probes
from tests.support.certificates import ROOT
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstreams import line, proxied

TARGET = "https://app.internal:3443"
OTHER = line('upstream SSL certificate does not match "x" while SSL handshaking', f"{TARGET}/")
TRUSTED = "\n        proxy_ssl_verify on;\n proxy_ssl_trusted_certificate /etc/ca.pem;"


def names(
    monkeypatch: pytest.MonkeyPatch, config: NginxConfig, has: str, text: str = OTHER.text
) -> list[str]:
    ctx = Looking(RecordedMachine({}))
    ctx.observations.append(config)

    async def shake(_: object, route: SiteRoute, name: str) -> bool:
        leaf = replace(ROOT, dns_names=(has,), addresses=())
        ctx.observations.append(
            BackendHandshake(
                vantage=Vantage.SERVER,
                target=route.target,
                host=route.host,
                port=route.port,
                server_name=name,
                verify_code=0,
                chain=(leaf,),
            )
        )
        assert route.authorities == "/etc/ca.pem"
        return True

    monkeypatch.setattr(backends, "shake", shake)
    probe: Any = probes.after_a_rejection
    asyncio.run(probe.work(ctx, replace(OTHER, text=text), config))
    return [seen.server_name for seen in ctx.observed(BackendHandshake)]


@pytest.mark.parametrize(
    ("has", "tried"),
    [
        ("app.internal", ["", "app.internal"]),
        ("shop.example.com", ["", "app.internal", "shop.example.com"]),
        ("other.internal", ["", "app.internal", "shop.example.com", "other.internal"]),
        ("*.cluster.local", ["", "app.internal", "shop.example.com"]),
    ],
)
def test_tries_the_likely_names_first(
    monkeypatch: pytest.MonkeyPatch, has: str, tried: list[str]
) -> None:
    assert names(monkeypatch, proxied(TARGET, more=TRUSTED), has) == tried


def test_tries_nothing_without_a_file_or_after_another_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not names(monkeypatch, proxied(TARGET), "app.internal")
    config = proxied(TARGET, more=TRUSTED)
    assert not names(monkeypatch, config, "app.internal", "connect() failed (111: refused)")
