"""The reader for whom a report is written."""

from typing import TYPE_CHECKING

from diagnose.model.frozen import frozen

if TYPE_CHECKING:
    from diagnose.model.threshold import Threshold


@frozen
class View:
    """The reader's language and terminal, and the options of the run.

    `width` is in cells. `verbosity` is -1 for the verdict alone, 1 for all evidence, 2 with the
    timeline, 3 with what servers answered. `again` are the options that repeat the same run.
    `thresholds` are those of a plugin.
    """

    lang: str = "en"
    width: int = 80
    color: bool = False
    ascii: bool = False
    verbosity: int = 0
    hostname: str = ""
    privileged: bool = False
    again: tuple[str, ...] = ()
    thresholds: "tuple[Threshold, ...]" = ()
