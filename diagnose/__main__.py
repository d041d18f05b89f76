"""`diagnose` and `python -m diagnose`. The version is answered before anything is imported."""

import sys


def main() -> None:
    if sys.argv[1:] in (["-V"], ["--version"]):
        from diagnose._version import VERSION

        sys.stdout.write(f"diagnose {VERSION}\n")
        return
    from diagnose import cli

    cli.leave(cli.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
