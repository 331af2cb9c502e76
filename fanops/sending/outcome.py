"""一次尝试的结果, and when the next one is: pauses that grow, then the message is given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

# After the first attempt, the second, …: one more attempt follows each pause.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
MOST_ATTEMPTS = len(PAUSES) + 1


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt.

    Attributes:
        sent: The receiver has taken it.
        why: Short Chinese reason when not; never holds an address, a key or what the receiver wrote.
        status: HTTP or SMTP status, None when there was no answer.
        ms: How long it took, milliseconds.
        is_final: Another attempt can't help (the receiver is gone, the address is no robot).
        is_down: The receiver does not answer at all, or not now: others to it may wait too.
        wait_s: The receiver's own wish, seconds; None for none.
    """

    sent: bool
    why: str = ""
    status: int | None = None
    ms: int = 0
    is_final: bool = False
    is_down: bool = False
    wait_s: float | None = None


def pause_after(attempts: int, outcome: Outcome) -> timedelta | None:
    """Give how long to wait before the next attempt, None when the message is given up.

    Args:
        attempts: Attempts made, this one included (from 1).
        outcome: Of this one.
    """
    if outcome.is_final or attempts >= MOST_ATTEMPTS:
        return None
    pause = PAUSES[attempts - 1]
    return max(pause, timedelta(seconds=outcome.wait_s)) if outcome.wait_s else pause
