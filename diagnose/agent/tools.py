"""The three tools: each takes its parsed call and returns a JSON object."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from diagnose.agent.arguments import DiagnoseCall, ExplainCall, ReplayCall
from diagnose.agent.masked_edits import with_usable_edits
from diagnose.agent.results import altered, next_commands, replay_commands, report_result
from diagnose.agent.settings import ServerSettings
from diagnose.checking import registry
from diagnose.checking.conclusion import conclude
from diagnose.checking.texts import check_text
from diagnose.engine import run
from diagnose.model import Report
from diagnose.model.events import Event, Observed
from diagnose.model.view import View
from diagnose.net.local import LocalNet
from diagnose.parsers.target import UsageError, suggestion
from diagnose.probes import Options
from diagnose.recording.codec import Recording, decode, read_recording
from diagnose.recording.redaction import masked_report

#: Runs at the same time. A further call waits.
MAX_RUNS = 4

_WHERE_IDS_STAND = " Findings have the id in check: layer.name, such as tcp.refused."

#: Takes the number of observations so far, and the layer of the last.
ProgressCallback = Callable[[int, str], None]


class Tools:
    """The tools of one server, and the limit on their simultaneous runs."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._free = asyncio.Semaphore(MAX_RUNS)

    async def diagnose(self, call: DiagnoseCall, on_progress: ProgressCallback) -> dict[str, Any]:
        def receive(event: Event) -> None:
            if isinstance(event, Observed):
                on_progress(event.number, type(event.observation).layer or "")

        async with self._free, self._settings.open_machine(call.options) as machine:
            report = await run(call.target, call.options, LocalNet(), receive, machine)
        view = View(
            lang=call.lang,
            hostname=os.uname().nodename,
            privileged=os.geteuid() == 0,
            again=call.options.rerun_args,
        )
        result = await self._result(report, view, call, call.options)
        result["next"] = next_commands(call.target, result)
        return result

    async def explain(self, call: ExplainCall) -> dict[str, Any]:
        if call.check_id not in registry.check_ids():
            hint = suggestion(call.check_id, registry.check_ids()) or _WHERE_IDS_STAND
            raise UsageError(f"There is no check {call.check_id[:60]!r}.{hint}")
        check, text = registry.load_check(call.check_id), check_text(call.check_id, call.lang)
        return {
            "check": check.id,
            "layer": check.id.partition(".")[0],
            "severity": str(check.severity),
            "lang": call.lang,
            "title": text.general_title,
            "page": text.general,
        }

    async def replay(self, call: ReplayCall) -> dict[str, Any]:
        async with self._free:
            recording = await asyncio.to_thread(_read, call.path)
        observations = recording.evidence.observations
        report = replace(
            await asyncio.to_thread(conclude, recording.evidence),
            duration=max((observation.at for observation in observations), default=0.0),
        )
        view = View(lang=call.lang, hostname=recording.hostname, privileged=recording.privileged)
        result = await self._result(report, view, call, Options())
        result["next"] = replay_commands(call.path, result)
        return result

    async def _result(
        self, report: Report, view: View, call: DiagnoseCall | ReplayCall, options: Options
    ) -> dict[str, Any]:
        masks, original = self._settings.masks, report
        if masks:
            judge = self._settings.judge(options)
            # Masking judges the evidence again: other calls shall not wait for it.
            keeps_target = isinstance(call, DiagnoseCall)
            report, view = await asyncio.to_thread(masked_report, report, view, judge, keeps_target)
            original, report = with_usable_edits(original, report)
        return report_result(report, view, call.evidence, masks, altered(original, report))


def _read(path: str) -> Recording:
    return decode(read_recording(path))
