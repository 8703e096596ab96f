"""Amdahl's law: how much of a job is serial, and what more CPUs would do for it."""

import numpy as np

RESAMPLES = 2_000
SEED = 9


def fit(seconds):
    """Return the seconds of one worker and the serial share of a job, 0 to 1, fitted to best times.

    ``seconds`` is a dict, number of workers -> durations of every repeat, for two numbers or more.
    The model is T(n) = a + b / n; one worker takes a + b, and the serial share is a / (a + b).
    Least squares of the relative residuals, so that long runs do not outweigh short ones.
    A negative a or b, which no job has, counts as 0.
    Gene Amdahl, "Validity of the single processor approach to achieving large scale computing
    capabilities", AFIPS 1967.
    """
    best = {n: min(durations) for n, durations in seconds.items()}
    model = np.array([(1 / duration, 1 / (n * duration)) for n, duration in best.items()])
    a, b = np.linalg.lstsq(model, np.ones(len(model)), rcond=None)[0]
    if a < 0 or b < 0:  # the best fit with a >= 0 and b >= 0 has the other one alone
        alone = model[:, 1] if a < 0 else model[:, 0]
        one = alone.sum() / (alone @ alone)
        return float(one), 0.0 if a < 0 else 1.0
    return float(a + b), float(a / (a + b))


def interval(seconds):
    """Return the 2.5th and 97.5th percentile of the serial share: the repeats drawn anew.

    The bootstrap says how far the share would move with other repeats of the same runs.
    Bradley Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979.
    """
    rng = np.random.default_rng(SEED)
    shares = [
        fit({n: rng.choice(durations, len(durations)) for n, durations in seconds.items()})[1]
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(shares, [2.5, 97.5])
    share = fit(seconds)[1]
    return min(float(low), share), max(float(high), share)


def speed_up(serial_share, nbr_workers):
    """Return how many times as fast ``nbr_workers`` are as one, by Amdahl's law."""
    return 1 / (serial_share + (1 - serial_share) / nbr_workers)
