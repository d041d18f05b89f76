import pytest

from diagnose.parsers.linux.service_ends import interval_of, parse_service_history

HEAD = (
    "now 2000\nunit board.service\nproperty RuntimeMaxUSec=10min\n"
    "command ExecStart=/opt/a --reload\n"
)
RUNTIME = "systemd[1]: board.service: Service reached runtime time limit. Stopping."
EXITED = "systemd[1]: board.service: Main process exited, code=exited, status=1/FAILURE"
TERMINATED = "systemd[1]: board.service: Main process exited, code=killed, status=15/TERM"
OOM = "systemd[1]: board.service: A process of this unit has been killed by the OOM killer."


def _history(*lines: tuple[int, str], head: str = HEAD) -> list[tuple[str, tuple[int, ...], str]]:
    text = head + "".join(f"log {when} {line}\n" for when, line in lines)
    return [(end.reason, end.times, end.message) for end in parse_service_history(text).ends]


def test_a_limit_of_time_explains_the_end_of_its_process() -> None:
    lines = [(when, line) for when in (100, 700, 1300) for line in (RUNTIME, TERMINATED)]
    assert _history(*lines) == [("runtime", (100, 700, 1300), RUNTIME)]
    assert interval_of((100, 700, 1300)) == 600


def test_the_programs_own_words_of_a_crash() -> None:
    own = "node[7]: Error: ENOENT: no such file or directory, open '/opt/rooms.json'"
    assert _history((100, own), (100, EXITED)) == [("crash", (100,), own)]
    assert _history((100, EXITED)) == [("crash", (100,), EXITED)]
    assert not _history((100, TERMINATED))
    assert [end[0] for end in _history((100, OOM), (100, EXITED))] == ["memory"]


@pytest.mark.parametrize(
    "line",
    [
        "uvicorn[7]: WARNING: WatchFiles detected changes in 'logs/app.py'. Reloading...",
        "WARNING: StatReload detected changes in 'main.py'. Reloading...",
        "python[7]: * Detected change in '/opt/app.py', reloading",
        "nodemon[7]: [nodemon] restarting due to changes...",
        "PM2 | Change detected on path logs/app.log for app api - restarting",
    ],
)
def test_a_program_that_starts_itself_again(line: str) -> None:
    assert _history((100, line)) == [("source", (100,), line)]


def test_a_plan_counts_where_it_was_found_alone() -> None:
    stopping = "systemd[1]: Stopping board.service - Board..."
    assert not _history((100, stopping))
    planned = f"{HEAD}restarter /etc/crontab:9:*/5 * * * * root systemctl restart board\n"
    assert _history((100, stopping), (400, stopping), head=planned) == [("plan", (100, 400), "")]


def test_the_facts_of_the_unit() -> None:
    history = parse_service_history(HEAD)
    assert (history.unit, history.now) == ("board", 2000)
    assert history.properties["RuntimeMaxUSec"] == "10min"
    assert history.without_reload == "ExecStart=/opt/a"
    assert not parse_service_history("").ends


@pytest.mark.parametrize("rest", [" \\", " --x=y" * 200])
def test_a_command_that_is_not_read_to_its_end_is_not_written(rest: str) -> None:
    assert not parse_service_history(f"command ExecStart=/opt/a --reload{rest}").without_reload


def test_what_was_stopped_since_is_over() -> None:
    stopping = "systemd[1]: Stopping board.service - Board..."
    assert not _history((100, RUNTIME), (700, RUNTIME), (800, stopping))
    assert _history((100, RUNTIME), (200, stopping), (700, RUNTIME))
    assert not _history((800, stopping), (805, EXITED))
    assert not _history((100, RUNTIME), (101, stopping))


def test_worker_of_gunicorn_without_a_service() -> None:
    line = "[31] [CRITICAL] WORKER TIMEOUT (pid:31)"
    history = parse_service_history(
        f"now 10000\nmanager gunicorn\nlog 9800 {line}\nlog 9900 {line}\n"
    )
    (end,) = history.ends
    assert (history.manager, end.reason, end.times, end.message) == (
        "gunicorn", "worker", (9800, 9900), line,
    )  # fmt: skip
