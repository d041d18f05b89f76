"""A machine whose every command has the same result."""

from diagnose.machine import CommandResult
from tests.support.recorded_machine import RecordedMachine


class AnsweringMachine(RecordedMachine):
    """`calls` are the arguments of each command."""

    def __init__(self, result: CommandResult) -> None:
        super().__init__(via="ssh://web")
        self.result = result
        self.calls: list[tuple[str, ...]] = []

    async def run(self, *argv: str, timeout: float = 8.0) -> CommandResult:
        self.calls.append(argv)
        return self.result
