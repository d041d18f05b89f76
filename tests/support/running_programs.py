"""Programs that listen behind the site."""

from typing import Any

from diagnose.model import Vantage
from diagnose.model.processes import RunningProgram, RunningPrograms

SHOP = RunningProgram(
    pid=70, name="node", started=1000.0, folder="/srv/shop", command="node server.js",
    service="shop.service",
)  # fmt: skip


def programs(*items: RunningProgram, **more: Any) -> RunningPrograms:
    return RunningPrograms(vantage=Vantage.SERVER, endpoint="3000", programs=items, **more)
