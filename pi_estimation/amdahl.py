"""Amdahl's law: how much of a job is serial, and what more CPUs would do for it."""

import numpy as np

RESAMPLES = 2_000
SEED = 9


def fit(seconds):
    """Return the serial share of a job, 0 to 1, fitted to best times.

    ``seconds`` is a dict, number of workers -> durations of every repeat, for two numbers or more.
    The model is T(n) = a + b / n; the serial share is a / (a + b). Least squares of the relative
    residuals, so that long runs do not outweigh short ones.
    Gene Amdahl, "Validity of the single processor approach to achieving large scale computing
    capabilities", AFIPS 1967.
    """
    workers = np.array(list(seconds), dtype=float)
    best = np.array([min(durations) for durations in seconds.values()])
    model = np.column_stack([np.ones_like(workers), 1 / workers]) / best[:, None]
    a, b = np.linalg.lstsq(model, np.ones_like(workers), rcond=None)[0]
    return float(np.clip(a / (a + b), 0, 1))


def interval(seconds):
    """Return the 2.5th and 97.5th percentile of the serial share: the repeats drawn anew.

    The bootstrap says how far the share would move with other repeats of the same runs.
    Bradley Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979.
    """
    rng = np.random.default_rng(SEED)
    shares = [
        fit({n: rng.choice(durations, len(durations)) for n, durations in seconds.items()})
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


def speed_up(serial_share, nbr_workers):
    """Return how many times as fast ``nbr_workers`` are as one, by Amdahl's law."""
    return 1 / (serial_share + (1 - serial_share) / nbr_workers)
