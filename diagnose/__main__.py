"""`diagnose` and `python -m diagnose`. The version is answered before anything is imported."""

import sys


def main() -> None:
    if sys.argv[1:] in (["-V"], ["--version"]):
        from diagnose._version import VERSION

        sys.stdout.write(f"diagnose {VERSION}\n")
        return
    import gc

    # One run ends before there is anything to collect; looking for it takes a tenth of its time.
    gc.disable()
    from diagnose import cli

    cli.leave(cli.main(sys.argv[1:], alone=True))


if __name__ == "__main__":
    main()
