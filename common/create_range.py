"""Split work into shares: a range of candidate factors, or a total."""

import itertools


def create(from_i, to_i, nbr_processes):
    """Split the odd numbers of [from_i, to_i) into at most ``nbr_processes`` half-open shares.

    Every lower bound is odd, so that loops in steps of two meet each odd number once. Shares are
    alike; the last takes what is left over, too. Raises ValueError for fewer than one process.

    >>> create(3, 316_400_222, 4)
    [(3, 79100057), (79100057, 158200111), (158200111, 237300165), (237300165, 316400222)]
    >>> create(3, 8, 4)
    [(3, 5), (5, 7), (7, 8)]
    >>> create(3, 3, 4)
    []
    """
    if nbr_processes < 1:
        raise ValueError(f"nbr_processes must be at least 1, not {nbr_processes}")
    from_i |= 1  # an even one is not a candidate
    nbr_candidates = max(0, (to_i - from_i + 1) // 2)
    nbr_shares = min(nbr_processes, nbr_candidates)
    step = 2 * (nbr_candidates // max(1, nbr_shares))
    bounds = [from_i + step * share for share in range(nbr_shares)] + [to_i]
    return list(itertools.pairwise(bounds))


def split_total(total, nbr_shares):
    """Split ``total`` into ``nbr_shares`` whole numbers that differ by at most 1 and add up to it.

    Raises ValueError for fewer than one share or a negative total.

    >>> split_total(10, 4)
    [3, 3, 2, 2]
    """
    if nbr_shares < 1 or total < 0:
        raise ValueError(f"cannot split {total} into {nbr_shares} shares")
    share, left_over = divmod(total, nbr_shares)
    return [share + 1] * left_over + [share] * (nbr_shares - left_over)
