"""The state of the exporter: its configuration, history, counters, and the probes in flight."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics
from prometheus_client.process_collector import ProcessCollector

from diagnose._version import VERSION
from diagnose.exporter.config_file import ConfigError, load_configuration, to_yaml
from diagnose.exporter.diagnosis import Diagnoses
from diagnose.exporter.history import History
from diagnose.exporter.metrics import exposition
from diagnose.exporter.modules import Configuration, Module
from diagnose.exporter.probe import Probe
from diagnose.exporter.probe_log import ProbeLog
from diagnose.exporter.probers import prober_for
from diagnose.exporter.proxies import proxy_host
from diagnose.exporter.runner import ProbeRun
from diagnose.exporter.settings import Settings
from diagnose.exporter.target_policy import GuardedNet
from diagnose.net.local import LocalNet


class Service:
    """What the endpoints use. Raises ConfigError if the configuration cannot be loaded."""

    def __init__(self, settings: Settings) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.settings = settings
        self.history = History(settings.history_limit)
        self.diagnoses = Diagnoses(settings.diagnosis_interval)
        self.registry = CollectorRegistry()
        self._declare_metrics()
        self.configuration = Configuration()
        #: What a reload reads besides the modules. Raises ConfigError.
        self.also_reload: Callable[[], None] = lambda: None
        self._load()

    def _declare_metrics(self) -> None:
        ProcessCollector(registry=self.registry)
        self._reload_successful = Gauge(
            "blackbox_exporter_config_last_reload_successful",
            "Blackbox exporter config loaded successfully.",
            registry=self.registry,
        )
        self._reload_time = Gauge(
            "blackbox_exporter_config_last_reload_success_timestamp_seconds",
            "Timestamp of the last successful configuration reload.",
            registry=self.registry,
        )
        self.unknown_modules = Counter(
            "blackbox_module_unknown_total",
            "Count of unknown modules requested by probes",
            registry=self.registry,
        )
        self.probes = Counter(
            "diagnose_exporter_probes_total",
            "Probes by module and result: success, failure, refused (the target), overload",
            ("module", "result"),
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "diagnose_exporter_in_flight", "Probes in flight", registry=self.registry
        )
        self._in_flight = 0
        build = Gauge("diagnose_build_info", "The version", ("version",), registry=self.registry)
        build.labels(version=VERSION).set(1)

    def _load(self) -> None:
        try:
            self.also_reload()
            self.configuration = load_configuration(self.settings.config_file)
        except ConfigError:
            self._reload_successful.set(0)
            raise
        self._reload_successful.set(1)
        self._reload_time.set(time.time())

    async def reload(self) -> None:
        """Load the configuration again. Raise ConfigError if that fails; the old one stays then."""
        await asyncio.to_thread(self._load)

    @property
    def is_full(self) -> bool:
        return self._in_flight >= self.settings.max_probes

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._in_flight += 1
        self.in_flight.set(self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1
            self.in_flight.set(self._in_flight)

    async def probe(
        self, name: str, module: Module, target: str, hostname: str, timeout: float
    ) -> Probe:
        """Probe a target whose host is allowed; the result goes into the history."""
        log = ProbeLog(name, target)
        trusted = (proxy_host(module.http), proxy_host(module.websocket.http_config))
        net = LocalNet(module.source_ip_address)
        guarded = GuardedNet(net, self.settings.policy, tuple(filter(None, trusted)))
        probe = Probe(target, hostname, module, guarded, log)
        log.info("Beginning probe", probe=module.prober, timeout_seconds=f"{timeout:g}")
        key = (name, target, hostname)
        with self._counted():
            run = ProbeRun(probe, prober_for(module), timeout, self.diagnoses, key)
            success = await run.run()
        self._write_log(log)
        self.probes.labels(name, "success" if success else "failure").inc()
        self.history.add(name, target, success, partial(debug_output, probe))
        return probe

    def _write_log(self, log: ProbeLog) -> None:
        """Write a probe's log to stderr, as far as --log.prober asks for it."""
        match self.settings.log_prober:
            case "none":
                return
            case "error" | "warn":
                text = log.errors
            case _:
                text = log.text
        # A reader that has gone must not end the exporter.
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def debug_output(probe: Probe) -> str:
    """Return what debug=true answers, under blackbox_exporter's three headings."""
    metrics = exposition(probe.metrics)[0].decode()
    return (
        f"Logs for the probe:\n{probe.log.text}\n\n\n"
        f"Metrics that would have been returned:\n{metrics}\n\n\n"
        f"Module configuration:\n{to_yaml(probe.module)}"
    )
