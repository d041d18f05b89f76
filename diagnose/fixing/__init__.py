"""A fix, applied: saved before, tested, looked at again, taken back where it did not help.

`plans` says what is done about which cause and why others are left alone; `carry_out`,
`take_back` and `resume` do it through a door to the server, all by the journal that lies there.
"""

from diagnose.fixing.apply import Outcome, carry_out, resume
from diagnose.fixing.journal import Busy, Written, latest, unreported
from diagnose.fixing.journal import drop as forget
from diagnose.fixing.plan import Left, Plan, comes_back, lasting, plans
from diagnose.fixing.remote_files import Stuck
from diagnose.fixing.rollback import Remains, Way, take_back, ways

__all__ = [
    "Busy", "Left", "Outcome", "Plan", "Remains", "Stuck", "Way", "Written", "carry_out",
    "comes_back", "forget", "lasting", "latest", "plans", "resume", "take_back",
    "unreported", "ways",
]  # fmt: skip
