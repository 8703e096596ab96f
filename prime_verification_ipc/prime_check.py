"""What the scripts that verify primes share: their numbers, options, output and the check."""

import contextlib
import itertools
import math
import time

from common import cli, timing

MAX_NUMBER = 10**20
EXACT_BELOW = 3_317_044_064_679_887_385_961_981  # see is_prime

# Each stand-in is 1/256 of the chapter's number, so its square root, where the candidates end, is
# 1/16 of the chapter's. The smallest factors lie where the chapter's do: at 5, and at 0.301 and
# 0.543 of the square root.
SAMPLES = {
    "book": {
        "small non-prime": 112_272_535_095_295,
        "large non-prime 1": 100_109_100_129_100_369,
        "large non-prime 2": 100_109_100_129_101_027,
        "prime 1": 100_109_100_129_100_151,
        "prime 2": 100_109_100_129_162_907,
    },
    "quick": {
        "small non-prime": 438_564_591_785,
        "large non-prime 1": 391_052_536_673_221,
        "large non-prime 2": 391_051_921_804_697,
        "prime 1": 391_051_172_379_299,
        "prime 2": 391_051_172_379_551,
    },
}
LABELS = {n: label for samples in SAMPLES.values() for label, n in samples.items()}


def is_prime(n):
    """Return whether ``n`` is prime, by another method than the scripts', to check them.

    The Miller-Rabin test with the first 13 primes as bases is exact for n below EXACT_BELOW
    (Sorenson and Webster, "Strong pseudoprimes to twelve prime bases", Mathematics of Computation
    86, 2017). Raises ValueError for larger n.
    """
    if n >= EXACT_BELOW:
        raise ValueError(f"not exact for {n:,}")
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
    if n < 2 or any(n % base == 0 for base in bases):
        return n in bases
    twos = ((n - 1) & (1 - n)).bit_length() - 1  # x & -x is the lowest 1 in the bits of x
    odd = (n - 1) >> twos
    return all(
        pow(base, odd, n) == 1 or any(pow(base, odd << i, n) == n - 1 for i in range(twos))
        for base in bases
    )


def is_lucas_probable_prime(n):
    """Return whether ``n`` passes the Lucas test: all primes do, and hardly any non-primes.

    The test with Selfridge's parameters: D is the first of 5, -7, 9, -11, ... with the Jacobi
    symbol (D/n) = -1, P = 1, Q = (1 - D) / 4, and n passes if it divides the Lucas number U(n + 1)
    (Baillie and Wagstaff, "Lucas pseudoprimes", Mathematics of Computation 35, 1980).
    """
    if n < 3 or n % 2 == 0:
        return n == 2
    if math.isqrt(n) ** 2 == n:  # there would be no such D
        return False
    d = 5
    while _jacobi(d, n) != -1:
        if 1 < math.gcd(d, n) < n:
            return False
        d = -d - 2 if d > 0 else -d + 2
    half, q = (n + 1) // 2, (1 - d) // 4
    u, v, q_power = 1, 1, q  # U(k), V(k) and Q**k modulo n, for k = 1 and then up to n + 1
    for digit in f"{n + 1:b}"[1:]:
        u, v, q_power = u * v % n, (v * v - 2 * q_power) % n, q_power * q_power % n
        if digit == "1":
            u, v, q_power = (u + v) * half % n, (d * u + v) * half % n, q_power * q % n
    return u == 0


def _jacobi(a, n):
    a, sign = a % n, 1
    while a:
        while a % 2 == 0:
            a //= 2
            if n % 8 in (3, 5):
                sign = -sign
        a, n = n, a
        if a % 4 == n % 4 == 3:
            sign = -sign
        a %= n
    return sign if n == 1 else 0


def agrees(n, answer):
    """Return whether ``answer`` is that of the Lucas test and, where that is exact, of is_prime."""
    return agrees_with_lucas_test(n, answer) and (n >= EXACT_BELOW or answer == is_prime(n))


def agrees_with_lucas_test(n, answer):
    """Return whether ``answer`` is that of a Lucas and a Fermat test together, for n of any size.

    Every prime passes both. No non-prime is known that passes both (323 passes only the first, 341
    only the second); Baillie and Wagstaff, see above, searched for one.
    """
    return answer == (is_lucas_probable_prime(n) and pow(2, n, n) == 2 % n)


def add_numbers(
    parser,
    default="the chapter's five, or smaller stand-ins at quick scale",
    maximum=MAX_NUMBER,
):
    """Add the numbers to test, each at most ``maximum``."""
    parser.add_argument(
        "numbers",
        nargs="*",
        type=cli.whole_number(0, maximum),
        metavar="NUMBER",
        help=f"numbers to test (default: {default})",
    )


def parse(parser, labels=tuple(SAMPLES["book"])):
    """Parse the command line; without numbers on it, use the samples named ``labels``."""
    args = cli.parse(parser)
    if args.numbers:
        count = f"{len(args.numbers):,} number{'s'[: len(args.numbers) != 1]}"
        print(f"Testing {count} given:", *(f"{n:,}" for n in args.numbers))
    else:
        args.numbers = [SAMPLES[args.scale][label] for label in labels]
        if args.scale == "quick":
            print("numbers: each 1/256 of the chapter's (--scale book: the chapter's own)")
            print("candidates go up to the square root: 1/16 as many as in the chapter")
    return args


def timed(run, numbers, repeat, *args):
    """Yield each of ``numbers``, whether ``run(numbers, *args)`` calls it prime, and its durations.

    Durations are the seconds of every repeat, from the moment ``run`` takes the number, when its
    pool is up. Raises Failure if an answer is wrong.
    """
    start = None

    def repeated():
        nonlocal start
        for n in numbers:
            for _ in range(repeat):
                start = time.perf_counter()
                yield n

    with contextlib.closing(run(repeated(), *args)) as answers:  # if we stop early, end workers
        for n in numbers:
            durations = []
            for _, answer in itertools.islice(answers, repeat):
                durations.append(time.perf_counter() - start)
                cli.check(agrees(n, answer), f"check_prime({n:_}) says {in_words(answer)}")
            yield n, answer, durations


def report(results):
    """Print a line for each of ``results`` (see timed) as it comes, with the fastest repeat."""
    with contextlib.closing(results):
        for n, answer, durations in results:
            name = f"{LABELS.get(n, ''):<18}{n:,}".strip()
            best = timing.seconds(min(durations))
            probably = "probably " if answer and n >= EXACT_BELOW else ""
            print(f"{name:<42}{best:>16}  {probably}{in_words(answer)}", flush=True)


def in_words(answer):
    """Return ``answer`` as text: prime or not prime."""
    return "prime" if answer else "not prime"


def main(doc, run, workers=True, maximum=MAX_NUMBER, forks=False, flag_in_redis=None):
    """Be the main of a script: verify the numbers on the command line with ``run``.

    ``run`` takes the numbers and, if ``workers``, how many there are. ``maximum`` is the largest
    number it takes; ``forks`` says whether it forks its workers under any start method; with a key
    ``flag_in_redis``, it also takes the URL of a server.
    """

    def main():
        parser = cli.parser(doc)
        if workers:
            cli.add_workers(parser, "--workers")
        add_numbers(parser, maximum=maximum)
        cli.add_size(parser, "--repeat", quick=2, book=20, help="times to test each number")
        if flag_in_redis:
            cli.add_redis_url(parser)
        args = parse(parser)
        arguments = [args.workers] if workers else []
        if forks:
            print("workers are forked, whatever --start-method says, to inherit the mmap")
        if not flag_in_redis:
            report(timed(run, args.numbers, args.repeat, *arguments))
            return
        from common import redis_server  # imported here: the others do not need it

        key = flag_in_redis.decode()
        with redis_server.server(args.redis_url) as url, redis_server.own(url, key) as owner:
            report(timed(run, args.numbers, args.repeat, *arguments, url))
            print(f"GET {key}: {owner.get(key)}")

    cli.run(main)
