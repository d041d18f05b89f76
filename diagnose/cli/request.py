"""What one call of the program asks for: typed values, made from the command line and validated
before anything else happens (`diagnose.cli.request_parser`). A request is changed with
`dataclasses.replace`.
"""

import os
import sys
from typing import TYPE_CHECKING, Literal

from diagnose.model import Ignore, Target
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.outputs.terminal import choose_language, terminal_columns, wants_ascii, wants_color
from diagnose.parsers.target import (
    parse_target,
)

if TYPE_CHECKING:
    from diagnose.exporter.settings import Settings
    from diagnose.exporter.target_policy import TargetPolicy
    from diagnose.fleet.jetstream import Access
    from diagnose.model.threshold import Threshold
    from diagnose.probes import Options

FixAction = Literal["fix", "undo", "resume"]


@frozen
class OutputOptions:
    """How reports are written.

    `format` is a name of `diagnose.outputs.FORMATS`; None is the screen on a terminal, and text
    elsewhere. `verbosity` is that of `View`. `lang` is "en", "zh" or None for the environment's;
    `also_lang` is that in which a ticket stands too. `color` is "auto", "always" or "never",
    `glyphs` "auto", "unicode" or "ascii". `inline` draws the screen below the prompt. `path` is the
    file that gets the reports; None is stdout. `thresholds` are those of a plugin. `keys` are pairs
    of an action of the screen and its keys.
    """

    format: str | None = None
    verbosity: int = 0
    redact: bool = False
    lang: str | None = None
    also_lang: str | None = None
    color: str = "auto"
    glyphs: str = "auto"
    mouse: bool = True
    inline: bool = False
    path: str | None = None
    thresholds: "tuple[Threshold, ...]" = ()
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def language(self) -> str:
        return choose_language(self.lang)

    def view(self, rerun_args: tuple[str, ...] = ()) -> View:
        """Return the reader's view; `rerun_args` are the options that repeat the same run."""
        return View(
            lang=self.language,
            width=terminal_columns(),
            color=wants_color(self.color, not self.path and sys.stdout.isatty()),
            ascii=wants_ascii(self.glyphs),
            verbosity=self.verbosity,
            hostname=os.uname().nodename,
            privileged=os.geteuid() == 0,
            again=rerun_args,
            thresholds=self.thresholds,
        )

    def wants_screen(self) -> bool:
        """Return True on a terminal, unless an option asks for the plain report."""
        if self.format or self.verbosity or self.redact or self.path:
            return False
        from diagnose import tui

        return tui.is_usable()

    def browser_arguments(self) -> list[str]:
        """Return these options as command-line words for a screen in a browser. "auto" becomes full
        colour and Unicode, because a browser supports both."""
        words = ["--lang", self.lang] if self.lang else []
        words += ["--color", "always" if self.color == "auto" else self.color]
        return [*words, "--glyphs", "unicode" if self.glyphs == "auto" else self.glyphs]


@frozen
class RunRequest:
    """A request to diagnose targets. `options` say how to probe, `output` how to write the reports.
    `websockets` are the paths of --ws, which targets that are named later have too. `wait_s` is how
    long a diagnosis is repeated until the sites work; None is a single one. With `is_plan` nothing
    is run. `baseline` is the path of an earlier run to compare with. `is_one_reported` is True if a
    message tells of one of the targets, and which of them is not known."""

    targets: tuple[Target, ...]
    options: "Options"
    output: OutputOptions = OutputOptions()
    websockets: tuple[str, ...] = ()
    wait_s: float | None = None
    is_plan: bool = False
    baseline: str | None = None
    is_one_reported: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether a side or a layer is left out on request, so that nothing can be fixed."""
        options = self.options
        return options.inside is False or bool(options.only or options.skip)

    def view(self) -> View:
        return self.output.view(self.options.rerun_args)

    def parse_target(self, text: str) -> Target:
        """Return a further target. Raise UsageError if the text names none."""
        return parse_target(text, self.websockets, self.output.language)

    def browser_arguments(self) -> list[str]:
        """Return all options as command-line words, including secrets, for a screen in a
        browser."""
        options = self.options
        # What files say is among the options already.
        words = ["--config", "none", *options.filter_args, "--timeout", str(options.timeout)]
        words += [f"-{options.family}"] if options.family else []
        words += (*options.cloud_args, *options.ignore_args)
        for name, value in (
            ("--server", options.server),
            ("--address", options.address),
            ("--resolver", options.resolver),
            ("--proxy", options.proxy),
            ("--cafile", options.cafile),
            ("--from", options.visitor),
            ("--idle", f"{options.idle:g}" if options.idle else None),
            ("--origin-address", options.origin_address),
            *(("--vantage", vantage) for vantage in options.vantages),
            *(("--ws", path) for path in self.websockets),
            *(("--header", f"{name}: {value}") for name, value in options.request.headers),
            ("--cookie", options.request.cookie or None),
            ("--origin", options.request.origin),
            *(("--subprotocol", name) for name in options.request.subprotocols),
            ("--method", options.request.method if options.request.method != "GET" else None),
        ):
            words += [] if value is None else [name, value]
        return words + self.output.browser_arguments()


@frozen
class FixRequest:
    """A request of `diagnose fix`. It has one target, which an undo and a resumption do not need.
    `yes` is the answer to all questions."""

    run: RunRequest
    action: FixAction = "fix"
    dry_run: bool = False
    yes: bool = False


@frozen
class RecordRequest:
    """A request of `diagnose record` or `bundle`: one target, and the path of the file ("-":
    stdout)."""

    run: RunRequest
    path: str


@frozen
class ReplayRequest:
    """A request of `diagnose replay`: the path of a recording."""

    path: str
    output: OutputOptions
    ignores: tuple[Ignore, ...] = ()


@frozen
class ExplainRequest:
    """A request of `diagnose explain`: ids of checks, not yet looked up."""

    check_ids: tuple[str, ...]
    output: OutputOptions


@frozen
class ListRequest:
    """A request of `diagnose list`: the layers whose checks are listed, () for all."""

    layers: tuple[str, ...]
    output: OutputOptions


@frozen
class AboutRequest:
    """A request for something about the program itself. `shell` is that of the completion, `output`
    how the probes are listed."""

    topic: Literal["version", "schema", "spec", "completion", "probes"]
    shell: str = ""
    output: OutputOptions = OutputOptions()


@frozen
class DemoRequest:
    """A request of `diagnose demo`: the name of a fault, not yet looked up ("": any), or their
    list."""

    fault: str
    lists: bool
    output: OutputOptions


@frozen
class McpRequest:
    """A request of `diagnose mcp`: the options of each run, and whether reports are masked."""

    options: "Options"
    masks: bool
    output: OutputOptions


@frozen
class WebRequest:
    """A request of `diagnose web`; `words` are the targets as they were given."""

    run: RunRequest
    words: tuple[str, ...]
    port: int


@frozen
class ServeRequest:
    """A request of `diagnose serve`; `check_only` if its configuration is only loaded,
    `resident` if it also does the work of `diagnose --json`."""

    settings: "Settings"
    check_only: bool
    resident: bool = False


@frozen
class FleetRequest:
    """A request of `diagnose fleet`: the path of the list ("-": stdin). `run` has no targets; it
    holds how each is diagnosed. `journal` is the path of the journal, None for the usual place.
    `queue` is where workers get the targets, None to diagnose them here; `vantages` are the names
    of those that each target is seen from."""

    run: RunRequest
    path: str
    journal: str | None = None
    resume: bool = False
    summary: bool = False
    rate: float = 0.0
    concurrency: int | None = None
    queue: "Access | None" = None
    vantages: tuple[str, ...] = ()


@frozen
class WorkerRequest:
    """A request of `diagnose worker`: where the targets come from, which of them may be diagnosed
    (the rules of --allow), and how many at the same time, None for as many as usual."""

    queue: "Access"
    vantage: str
    policy: "TargetPolicy"
    options: "Options"
    output: OutputOptions
    concurrency: int | None = None


@frozen
class WatchRequest:
    """A request of `diagnose watch`. `interval` is from one pulse of a target to the next, and
    `full_interval` how long a whole diagnosis holds, both in seconds; `count` is the number of
    pulses after which it ends, None for never."""

    run: RunRequest
    interval: float
    full_interval: float
    count: int | None = None
