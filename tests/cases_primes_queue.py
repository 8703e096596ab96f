"""How the suite runs the scripts of primes_queue/."""

from support import Case

CASES: dict[str, Case] = {}
