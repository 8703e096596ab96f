"""Amdahl's law: the serial share of a job, and the speed-up that more CPUs would give."""

import statistics

from common import results

import numpy as np

RESAMPLES = 2_000
SEED = 9


def fit(seconds):
    """Return the seconds one worker takes and the serial share (0 to 1), fitted by round.

    ``seconds`` maps two or more numbers of workers to the durations of every round. What is fitted
    is how many times as fast as the first number each is, by round: the best times would be of
    different moments, as a CPU may be faster while others rest. The model is T(n) = a + b / n: one
    worker takes a + b, and the serial share is a / (a + b). The fit minimises the squares of the
    relative residuals, so that long runs do not outweigh short ones. If a or b comes out negative,
    it is set to 0 and the other is fitted alone.
    Gene Amdahl, "Validity of the single processor approach to achieving large scale computing
    capabilities", AFIPS 1967.
    """
    first, *_ = seconds.values()
    speeds = [[results.speed_up(first, durations)] for durations in seconds.values()]
    one, share = _solve(list(seconds), speeds)
    return float(one[0] * statistics.median(first)), float(share[0])


def _solve(workers, speeds):
    """Return the seconds one worker takes and the serial share, by the normal equations.

    ``speeds`` (1 / time) has a row for each of ``workers`` and a column for each fit.
    """
    u = np.array(speeds)
    v = u / np.array(workers)[:, None]
    uu, uv, vv, ones_u, ones_v = (x.sum(axis=0) for x in (u * u, u * v, v * v, u, v))
    determinant = uu * vv - uv * uv
    a = (ones_u * vv - ones_v * uv) / determinant
    b = (ones_v * uu - ones_u * uv) / determinant
    one = np.select([a < 0, b < 0], [ones_v / vv, ones_u / uu], a + b)  # b alone, a alone, or both
    a, b = np.maximum(a, 0), np.maximum(b, 0)
    return one, a / (a + b)


def interval(seconds):
    """Return the bootstrap's 95 % interval of the serial share: (low, high).

    It resamples the rounds, so it says how far the share would move with other rounds.
    Bradley Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979.
    """
    times = np.array(list(seconds.values()))
    nbr_rounds = times.shape[1]
    chosen = np.random.default_rng(SEED).integers(nbr_rounds, size=(RESAMPLES, nbr_rounds))
    speeds = np.median((times[0] / times)[:, chosen], axis=2)
    _, shares = _solve(list(seconds), speeds)
    low, high = np.percentile(shares, [2.5, 97.5])
    share = fit(seconds)[1]
    return min(float(low), share), max(float(high), share)


def speed_up(serial_share, nbr_workers):
    """Return how many times as fast as one ``nbr_workers`` are, by Amdahl's law."""
    return 1 / (serial_share + (1 - serial_share) / nbr_workers)
