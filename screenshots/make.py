"""The pictures of the screen: recorded evidence of the laboratory, replayed into the real
application, in both languages and two sizes, as SVG.

    python screenshots/make.py [FOLDER]
"""

import asyncio
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

from diagnose.engine import conclude
from diagnose.model.events import Concluded
from diagnose.model.view import View
from diagnose.parsers.target import parse_target
from diagnose.processes.worker import Channel, ThreadExecutor
from diagnose.recording.codec import decode
from diagnose.tui.app import DiagnoseApp
from diagnose.tui.messages import RunRequested, Services
from diagnose.tui.session import Session
from screenshots import animation

HERE = Path(__file__).parent
SIZES = ((80, 24), (140, 40))


def taken(recording: Path, lang: str, size: tuple[int, int], *keys: str) -> str:
    """The screen after these keys."""
    recorded = decode(recording.read_text("utf-8"))
    seen = recorded.evidence.observations
    report = replace(conclude(recorded.evidence), duration=max(one.at for one in seen))

    async def run(channel: Channel, asked: RunRequested) -> None:
        channel.tell(Concluded(report))

    behind = Services(ThreadExecutor({"run": run}), parse_target, str)
    session = Session(recorded.evidence.target, behind).start()
    app = DiagnoseApp([session], behind, View(lang=lang, width=size[0], color=True))

    async def work() -> str:
        async with app.run_test(size=size) as pilot:
            while session.running:
                await pilot.pause(0.01)
            await pilot.press(*keys)
            before, picture = "", app.export_screenshot(title="diagnose")
            while before != picture:  # the layout may follow a moment later
                app.screen.refresh(layout=True)
                await pilot.pause(0.2)
                before, picture = picture, app.export_screenshot(title="diagnose")
            return picture

    return _alone(_unsqueezed(asyncio.run(work())))


def _alone(svg: str) -> str:
    """Without the fonts that it would fetch."""
    return re.sub(r"@font-face\s*{[^}]*}", "", svg)


def _unsqueezed(svg: str) -> str:
    """Rich gives each text the length of its characters, which squeezes those that are two cells
    wide: these keep their own."""

    def mended(match: re.Match[str]) -> str:
        return (
            match[0]
            if match[3].replace("&#160;", "").isascii()
            else f"{match[1]}{match[2]}{match[3]}<"
        )

    return re.sub(r'(<text[^>]*?) textLength="[^"]*"([^>]*>)([^<]*)<', mended, svg)


def main(folder: Path) -> None:
    for recording in sorted((HERE / "evidence").glob("*.ndjson")):
        for lang in ("en", "zh"):
            for size in SIZES:
                for name, keys in (("answer", ()), ("evidence", ("2",)))[
                    : 2 if size == SIZES[0] else 1
                ]:
                    picture = f"{recording.stem}.{name}.{lang}.{size[0]}x{size[1]}.svg"
                    folder.joinpath(picture).write_text(
                        taken(recording, lang, size, *keys), "utf-8"
                    )
                    sys.stdout.write(f"{picture}\n")
    for path in animation.write(folder):
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    # The pictures are the same on every terminal.
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    os.environ.pop("NO_COLOR", None)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
