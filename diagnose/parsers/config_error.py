"""What a server's own test says of its configuration. No I/O."""

from diagnose.model.frozen import frozen


@frozen
class ConfigError:
    """An error of a configuration: its text, and the file and line that the server names ("" and 0
    if it names none)."""

    message: str = ""
    file: str = ""
    line: int = 0
