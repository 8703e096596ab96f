"""How the suite runs the scripts of primes_pool/."""

from support import Case

CASES: dict[str, Case] = {}
