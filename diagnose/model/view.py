"""For whom a report is written."""

from diagnose.model.frozen import frozen


@frozen
class View:
    """For whom it is written, and how the run was asked for.

    `width` is in cells; `verbosity` -1 for the verdict alone, 1 with all evidence, 2 with the
    timeline; `again` the options that make the same run once more.
    """

    lang: str = "en"
    width: int = 80
    color: bool = False
    ascii: bool = False
    verbosity: int = 0
    hostname: str = ""
    privileged: bool = False
    again: tuple[str, ...] = ()
