"""How the suite runs the scripts of sync_locking/."""

from support import Case

CASES: dict[str, Case] = {}
