"""How the suite runs the scripts of prime_verification_ipc/."""

from support import Case

CASES: dict[str, Case] = {}
