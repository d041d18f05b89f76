"""The context of probes that look at a web server's surroundings from the container in which it
runs."""

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from diagnose.probes import Closable, ObservationT, Probe, ProbeContext

if TYPE_CHECKING:
    from diagnose.machine.container import ContainerMachine

#: The inside modules that look from the container, and those that are left out there, because they
#: ask the server about ports, names and folders that are not the container's.
IN_CONTAINER = frozenset(
    {
        "logs",
        "access_logs",
        "server_access_logs",
        "backends",
        "backend_visits",
        "backend_logins",
        "backend_hosts",
        "haproxy_backends",
        "other_applications",
        "server_logs",
        "upstream_connect",
        "upstream_groups",
        "upstream_requests",
        "upstream_bodies",
        "upstream_comparisons",
        "base_path_fields",
        "logged_comparisons",
        "compressed_pages",
        "bypassed_applications",
        "neighbour_applications",
        "upstream_protocols",
        "page_websockets",
        "websocket_retries",
        "fallback_files",
        "hidden_pages",
        "newer_files",
        "nginx_files",
        "page_files",
        "precompressed_files",
        "script_files",
        "sibling_files",
        "site_folders",
        "target_files",
        "upload_folders",
        "container_names",
    }
)
NOT_IN_CONTAINER = frozenset({"other_listeners", "resolver_answers", "unincluded_sites"})


class InContainer:
    """The same run, with the machine as nginx's container sees it."""

    def __init__(self, run: ProbeContext, machine: "ContainerMachine") -> None:
        self.machine = machine
        self.target, self.options, self.net = run.target, run.options, run.net
        self.further_requests, self.syn_mark = run.further_requests, run.syn_mark
        self.elapsed, self.take_stream = run.elapsed, run.take_stream
        self._emit = run.emit
        self.observed, self.from_server, self.start = run.observed, run.from_server, run.start

    def emit(self, observation: ObservationT, live_stream: Closable | None = None) -> ObservationT:
        """Emit it with the command that a person would run in the container."""
        command = self._inner_command(observation.equivalent)
        return self._emit(replace(observation, equivalent=command), live_stream)

    def _inner_command(self, command: str) -> str:
        # Imported late: few servers are in a container.
        from diagnose.machine.container import entering_words

        words = shlex.join(entering_words(self.machine.pid, self.machine.engine, self.machine.name))
        if not command or command.startswith((f"{words} ", "docker logs", "podman logs")):
            return command
        if "|" in command or ";" in command:
            return f"{words} sh -c {shlex.quote(command)}"
        return f"{words} {command}"

    def enter_container(self, machine: "ContainerMachine") -> "InContainer":
        return self


def context_of(
    probe: Probe, run: ProbeContext, container: "ContainerMachine | None"
) -> ProbeContext | None:
    """Return what a probe receives: the run, or its view from the container of nginx if it is known
    to be in one. None if the probe makes no sense there."""
    module = probe.name.removeprefix("inside.").partition(".")[0]
    if container is None or module not in IN_CONTAINER | NOT_IN_CONTAINER:
        return run
    return InContainer(run, container) if module in IN_CONTAINER else None
