"""`diagnose` and `python -m diagnose`. The version is answered before anything is imported."""

import os
import sys


def main() -> None:
    open_streams()
    if sys.argv[1:] in (["-V"], ["--version"]):
        from diagnose._version import VERSION

        try:
            sys.stdout.write(f"diagnose {VERSION}\n")
            sys.stdout.flush()
        except OSError as error:
            _say(f"diagnose: Standard output: {error.strerror}.\n")
            os._exit(64)
        return
    try:
        _run()
    except KeyboardInterrupt:
        from diagnose.processes import interrupts

        interrupts.let_the_next_kill()
        from diagnose.cli import execution, main

        main.exit_now(execution.end_interrupted(sys.argv[1:]))


def _run() -> None:
    if "--json" in sys.argv:
        from diagnose.processes import resident_client

        status = resident_client.try_resident(sys.argv)
        if status is not None:
            os._exit(status)
    import gc

    from diagnose.processes import interrupts

    interrupts.note_interrupts()

    # One run ends before there is anything to collect; looking for it takes a tenth of its time.
    gc.disable()
    from diagnose.cli import main
    from diagnose.cli.output import use_terminal_charset

    use_terminal_charset()
    main.exit_now(main.main(sys.argv[1:], may_fork=True))


def _say(text: str) -> None:
    # contextlib is not imported yet, and the version is to be there at once.
    try:  # noqa: SIM105
        os.write(2, text.encode())
    except OSError:
        pass


def open_streams() -> None:
    """Standard streams that were closed (`>&-`) lead nowhere. Else the first file or socket that is
    opened would get their number, and what is meant for a person would be written into it."""
    streams = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
    for number, (name, mode) in enumerate(streams):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free: this one.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


if __name__ == "__main__":
    main()
