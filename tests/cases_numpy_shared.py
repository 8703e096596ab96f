"""How the suite runs the scripts of numpy_shared/."""

from support import Case

CASES: dict[str, Case] = {}
