"""Readers for the state of processes: /proc/PID/stat (proc_pid_stat(5)), and the programs that
listen. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import replace

from diagnose.model.processes import Holder, RunningProgram
from diagnose.parsers.program_starters import parse_starter
from diagnose.parsers.sanitize import clean
from diagnose.parsers.whole_numbers import whole_number


def parse_holders(text: str) -> tuple[Holder, ...]:
    """Return the processes whose first fields are in the text, one a line, at most a hundred."""
    processes = []
    for line in text.splitlines()[:100]:
        match = re.match(r"(\d{1,10}) \((.{0,64})\) ([A-Za-z])\b", line)
        if match:
            processes.append(Holder(int(match[1]), clean(match[2], 64), match[3]))
    return tuple(processes)


#: Most programs that are read, and the word after a path that is gone (proc_pid_exe(5)).
_MAX_PROGRAMS = 16
_GONE = " (deleted)"


def parse_programs(text: str) -> Mapping[str, tuple[RunningProgram, ...]]:
    """Return the programs by their endpoint, from the output of running_programs.sh."""
    running: dict[str, list[RunningProgram]] = {}
    for block in re.split(r"^program ", text, flags=re.MULTILINE)[1:][:_MAX_PROGRAMS]:
        head, _, rest = block.partition("\n")
        endpoint, _, pid = head.rpartition(" ")
        lines = (line[1:].partition(" ") for line in rest.split("\n") if line.startswith("="))
        pairs = [(key, value) for key, _, value in lines]
        fields = {key: value for key, value in pairs if key != "start"}
        started = whole_number(fields.get("started", ""))
        if started is not None and (number := whole_number(pid)) is not None:
            starter = parse_starter("\n".join(value for key, value in pairs if key == "start"))
            program = replace(_program(number, started, fields), starter=starter)
            running.setdefault(endpoint, []).append(program)
    return {endpoint: tuple(programs) for endpoint, programs in running.items()}


def _program(pid: int, started: int, fields: Mapping[str, str]) -> RunningProgram:
    folder, file = fields.get("folder", ""), fields.get("exe", "")
    seconds, _, changed_file = fields.get("changed", "").partition(" ")
    return RunningProgram(
        pid=pid,
        name=clean(fields.get("name", ""), 60),
        started=float(started),
        folder=clean(folder.removesuffix(_GONE), 300),
        file=clean(file.removesuffix(_GONE), 300),
        command=clean(fields.get("command", "").strip(), 300),
        service=clean(fields.get("service", ""), 100),
        changed_file=clean(changed_file, 300),
        changed=whole_number(seconds),
        is_folder_gone=folder.endswith(_GONE),
        is_file_gone=file.endswith(_GONE),
    )
