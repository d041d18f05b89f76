"""What the user has taken out of the verdict: the findings of one check, for a reason, until a
day."""

from datetime import UTC, date, datetime

from diagnose.model.frozen import frozen


@frozen
class Ignore:
    """`until` is the last day on which it applies, in UTC; None is without an end."""

    check: str
    until: date | None = None
    reason: str = ""

    def is_expired(self, at: datetime) -> bool:
        """Return whether it no longer applies at this time."""
        return self.until is not None and at.astimezone(UTC).date() > self.until

    def argument(self) -> str:
        """Return the argument of --ignore: CHECK[@YYYY-MM-DD][=REASON]."""
        until = f"@{self.until.isoformat()}" if self.until else ""
        return f"{self.check}{until}{f'={self.reason}' if self.reason else ''}"
