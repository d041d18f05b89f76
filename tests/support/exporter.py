"""The exporter on loopback, in this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from diagnose.exporter.server import Endpoints
from diagnose.exporter.service import Service
from diagnose.exporter.settings import ListenAddress, Settings

LOOPBACK = (ListenAddress("127.0.0.1", 0),)

#: The samples of an exposition: name and labels, and the value.
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Exporter(NamedTuple):
    url: str
    client: httpx.AsyncClient
    service: Service

    async def get(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.get(f"{self.url}{path}", headers=fields)

    async def probe(self, target: str, module: str = "http_2xx", **parameters: str) -> "Answer":
        query = httpx.QueryParams({"target": target, "module": module, **parameters})
        response = await self.get(f"/probe?{query}")
        assert response.status_code == 200, response.text
        return Answer(samples(response.text))

    async def diagnosed(self, target: str, module: str = "http_2xx", hostname: str = "") -> None:
        """Wait for the diagnosis of a target: a busy machine takes long for it."""
        await self.service.diagnoses.wait((module, target, hostname), timeout=60)

    async def settled_probe(self, target: str, module: str = "http_2xx") -> "Answer":
        """Probe until the diagnosis of the target's present state is there."""
        await self.probe(target, module)
        await self.diagnosed(target, module)
        return await self.probe(target, module)


class Answer(NamedTuple):
    samples: Samples

    def value(self, name: str, **labels: str) -> float | None:
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def label(self, name: str, label: str) -> str | None:
        """The value of a label of a metric that has one sample; None without a sample."""
        values = [dict(labels)[label] for metric, labels in self.samples if metric == name]
        assert len(values) <= 1, values
        return values[0] if values else None


def samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def write_config(folder: Path, text: str) -> str:
    path = folder / "blackbox.yml"
    path.write_text(text)
    return str(path)


@contextlib.asynccontextmanager
async def exporter(config_file: str, **settings: Any) -> AsyncIterator[Exporter]:
    service = Service(Settings(config_file, LOOPBACK, **settings))
    runner = web.AppRunner(Endpoints(service).application(), access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with httpx.AsyncClient(timeout=60) as client:
            yield Exporter(f"http://127.0.0.1:{port}", client, service)
    finally:
        await service.diagnoses.close()
        await runner.cleanup()


def run(work: Any) -> Any:
    return asyncio.run(work)


#: Time enough on a busy machine. Whether a probe is too late is tested with less.
TIMEOUT = "30s"


def http_module(timeout: Any = TIMEOUT, **options: object) -> str:
    """A configuration with the module http_2xx and these options."""
    http = {"preferred_ip_protocol": "ip4", **options}
    return config({"http_2xx": {"prober": "http", "timeout": timeout, "http": http}})


def config(modules: Mapping[str, object]) -> str:
    import yaml

    text: str = yaml.safe_dump({"modules": modules}, sort_keys=False)
    return text
