"""Numbers go in, primes and answered pills come out, and a death is noticed at every stage."""

import contextlib
import queue
import re
import signal
import types
from unittest import mock

from common import cli, known_primes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Run, load, numbers_in

SERIAL = load("primes_queue/primes_serial.py")
QUEUE = load("primes_queue/primes_queue.py")
LESS_WORK = load("primes_queue/primes_queue_less_work.py")
FEEDER = load("primes_queue/primes_queue_jobs_feeder_thread.py")
BATCHED = load("primes_queue/primes_queue_batched.py")
FIGURE = load("primes_queue/fig_9_14_queue_cost.py")
WITH_A_QUEUE = pytest.mark.parametrize("script", [QUEUE, LESS_WORK, FEEDER])
PRIMES = [n for n, is_prime in enumerate(known_primes.are_prime(0, 10_001)) if is_prime]
FACTORS = st.sampled_from([2, 3, 5, 7, 97, 101, 9_973, 10_007, 999_983])


def queue_of(*items):
    result = queue.Queue()
    for item in items:
        result.put(item)
    return result


def items_of(a_queue):
    return [a_queue.get_nowait() for _ in range(a_queue.qsize())]


def primes_of(script, numbers):
    """Return what one worker makes of ``numbers``."""
    definite_primes_queue = queue.Queue()
    script.check_prime(queue_of(*numbers, script.FLAG_ALL_DONE), definite_primes_queue)
    *primes, answer = items_of(definite_primes_queue)
    assert answer == script.FLAG_WORKER_FINISHED_PROCESSING
    return primes


def run_without_workers(script, answers, *args):
    """Return what ``run(*args)`` puts on the queue, and the primes it makes of ``answers``."""
    jobs = queue.Queue()
    queues = iter((jobs, queue_of(*answers)))
    manager = types.SimpleNamespace(Queue=lambda: next(queues))
    with mock.patch.multiple(
        script, Manager=lambda: contextlib.nullcontext(manager), Process=mock.Mock()
    ):
        primes, *_ = script.run(*args)
    return items_of(jobs), primes


def test_the_flags_are_those_of_the_chapter():
    assert QUEUE.FLAG_ALL_DONE == b"WORK_FINISHED"
    assert QUEUE.FLAG_WORKER_FINISHED_PROCESSING == b"WORKER_FINISHED_PROCESSING"


@WITH_A_QUEUE
def test_a_worker_agrees_with_a_sieve_up_to_10_000(script):
    assert primes_of(script, range(10_001)) == PRIMES


def test_the_serial_kernel_agrees_with_a_sieve_up_to_10_000():
    assert SERIAL.find_primes(range(10_001)) == PRIMES


@settings(max_examples=20)
@given(FACTORS, FACTORS)
def test_semiprimes_and_squares_of_primes_are_not_prime(factor, other):
    for script in (QUEUE, LESS_WORK, FEEDER):
        assert primes_of(script, [factor, factor * other]) == [factor]
    assert SERIAL.find_primes([factor, factor * other]) == [factor]


@WITH_A_QUEUE
def test_a_worker_takes_no_more_after_its_pill(script):
    possible_primes_queue = queue_of(7, script.FLAG_ALL_DONE, 11)
    script.check_prime(possible_primes_queue, queue.Queue())
    assert items_of(possible_primes_queue) == [11]


@given(st.integers(1, 500), st.integers(1, 9))
def test_the_pills_come_last_one_for_each_worker(nbr_numbers, nbr_workers):
    numbers = list(range(100_000_000, 100_000_000 + nbr_numbers))
    pills = [QUEUE.FLAG_ALL_DONE] * nbr_workers
    answers = [QUEUE.FLAG_WORKER_FINISHED_PROCESSING] * nbr_workers
    from_main, _ = run_without_workers(QUEUE, answers, nbr_numbers, nbr_workers)
    only_odd, _ = run_without_workers(LESS_WORK, answers, nbr_numbers, nbr_workers)
    from_thread = queue.Queue()
    FEEDER.feed_new_jobs(numbers, from_thread, nbr_workers)
    assert from_main == items_of(from_thread) == numbers + pills
    assert only_odd == numbers[1::2] + pills


@WITH_A_QUEUE
def test_primes_are_collected_until_every_pill_is_answered(script):
    answer = script.FLAG_WORKER_FINISHED_PROCESSING
    _, primes = run_without_workers(script, [2, answer, 3, answer, 5, answer, 7], 1, 3)
    assert primes == [2, 3, 5]


@pytest.mark.parametrize("victim", ["the Manager", "a worker"])
@pytest.mark.parametrize(
    "script",
    ["primes_queue.py", "primes_queue_jobs_feeder_thread.py", "primes_queue_batched.py --batch 10"],
)
def test_a_killed_manager_or_worker_is_one_line_and_leaves_nothing(script, victim):
    script, *options = script.split()
    with Run(f"primes_queue/{script}", "2", "--scale", "book", *options) as run:
        run.wait_for(lambda: len(run.busy_workers()) == 3, "busy Manager and workers")
        by_age = sorted(run.workers(), key=lambda process: (process.create_time(), process.pid))
        killed = by_age[0 if victim == "the Manager" else 1]
        killed.send_signal(signal.SIGKILL)
        assert run.wait(20) == 1
        assert re.fullmatch(
            rf"{script}: worker {killed.pid} was killed by signal 9 \(SIGKILL\)\n", run.stderr
        )
        run.assert_nothing_left()


def test_a_worker_that_owes_its_answer_is_not_waited_for():
    sizes = ("--nbr_numbers", "1e7", "--batch", "5e6")  # two jobs, fed at once
    with Run("primes_queue/primes_queue_batched.py", "2", *sizes) as run:
        run.wait_for(lambda: len(run.busy_workers()) >= 2, "busy workers")
        killed = max(run.busy_workers(), key=lambda process: sum(process.cpu_times()[:2]))
        killed.kill()
        assert run.wait(20) == 1
        said = rf"\S+\.py: worker {killed.pid} was killed by signal 9 \(SIGKILL\)\n"
        assert re.fullmatch(said, run.stderr)
        run.assert_nothing_left()


@pytest.mark.parametrize("sizes", [("5", "1"), ("4", "8"), ("1", "9")])
@pytest.mark.parametrize(
    "script", ["primes_queue.py", "primes_queue_less_work.py", "primes_queue_batched.py"]
)
def test_there_may_be_more_workers_than_numbers_or_than_primes(script, sizes):
    nbr_workers, nbr_numbers = sizes
    with Run(f"primes_queue/{script}", nbr_workers, "--nbr_numbers", nbr_numbers) as run:
        assert run.wait() == 0, run.stderr


def ranges_of(from_i, length, batch):
    """Return the jobs that ``run`` makes of a range."""
    with mock.patch.object(BATCHED, "LOWER", from_i):
        answers = [BATCHED.FLAG_WORKER_FINISHED_PROCESSING]
        (*jobs, pill), _ = run_without_workers(BATCHED, answers, length, 1, batch)
    assert pill == BATCHED.FLAG_ALL_DONE
    return jobs


def answers_to(jobs, nbr_workers=1):
    """Return what so many workers, one after the other, answer to ``jobs`` and their pills."""
    ranges_queue = queue_of(*jobs, *[BATCHED.FLAG_ALL_DONE] * nbr_workers)
    primes_queue = queue.Queue()
    for _ in range(nbr_workers):
        BATCHED.check_ranges(ranges_queue, primes_queue)
    assert ranges_queue.empty()
    return items_of(primes_queue)


@given(st.integers(0, 10**9), st.integers(0, 200), st.integers(1, 250))
def test_batches_cover_a_range_once_and_in_order(from_i, length, batch):
    jobs = ranges_of(from_i, length, batch)
    assert [n for job in jobs for n in range(*job)] == list(range(from_i, from_i + length))
    assert all(end - start == batch for start, end in jobs[:-1])
    assert all(0 < end - start <= batch for start, end in jobs)


@pytest.mark.parametrize("batch", [1, 7, 100, 20_000])
def test_a_worker_in_batches_agrees_with_a_sieve_up_to_10_000(batch):
    answers = answers_to(ranges_of(0, 10_001, batch))
    _, collected = run_without_workers(BATCHED, answers, 1, 1, batch)
    assert len(answers) == -(-10_001 // batch) + 1
    assert [n for primes in answers[:-1] for n in primes] == collected == PRIMES


@settings(max_examples=20)
@given(FACTORS, FACTORS)
def test_in_batches_semiprimes_and_squares_of_primes_are_not_prime(factor, other):
    n = factor * other
    assert answers_to([(n, n + 1), (factor, factor + 1)])[:-1] == [[], [factor]]


def test_every_worker_in_batches_gets_a_pill_and_answers_it():
    answers = answers_to([(0, 10), (10, 12)], nbr_workers=3)
    assert answers == [[2, 3, 5, 7], [11]] + [BATCHED.FLAG_WORKER_FINISHED_PROCESSING] * 3
    jobs, collected = run_without_workers(BATCHED, [*answers, [13]], 1, 3, 1)
    assert jobs[-3:] == [BATCHED.FLAG_ALL_DONE] * 3
    assert collected == [2, 3, 5, 7, 11]


@pytest.mark.parametrize("primes", [[100_000_007] * 2, [], [100_000_007, 100_000_037]])
def test_a_prime_that_is_lost_or_comes_twice_is_an_error(primes):
    QUEUE.queue_check.report([100_000_007], 30, 1.0)
    with pytest.raises(cli.Failure, match=rf"^\D*{len(primes)}\b.*\b1$"):
        QUEUE.queue_check.report(primes, 30, 1.0)


def test_the_number_of_primes_is_checked_before_it_is_compared():
    checked = QUEUE.queue_check.checked
    assert checked(lambda nbr_numbers, n: ([100_000_007] * n, 1.5), 30, 1) == (1, 1.5)
    with pytest.raises(cli.Failure, match=r"\b2\b.*\b1\b.*\b1$"):
        checked(lambda nbr_numbers, n: ([100_000_007] * n, 1.5), 30, 2)


def found(serial, every, odd, usable=2):
    """Return the finding for best times (seconds for a million numbers: µs a number)."""
    seconds = {
        kind: {n: [2 * best, best, best] for n, best in bests.items()}
        for kind, bests in (("serial", {1: serial}), (FIGURE.ALL, every), (FIGURE.ODD, odd))
    }
    return FIGURE.finding(seconds, 1_000_000, usable)


def words(said):
    """Return the words of a finding that say in which direction it goes."""
    return re.findall("None|cannot help|less|longer|as long|faster", said)


def test_the_finding_of_the_chapter():
    said = found(28, {1: 100, 2: 97, 4: 120, 8: 142}, {1: 50, 2: 50, 4: 66, 8: 90})
    against_serial, more_workers = ["8", "28", "97", "2"], ["1", "2", "3", "4", "20", "8", "42"]
    assert numbers_in(said) == [*against_serial, *more_workers, "4", "4", "0.50", "0.63"]
    assert words(said) == ["None", "less", "longer", "longer", "faster"]


def test_the_finding_where_the_chapter_does_not_hold():
    said = found(100, {1: 90, 4: 90}, {1: 95, 4: 950})
    against_serial, more_workers = ["3", "4", "100", "90", "1"], ["1", "4"]
    assert numbers_in(said) == [*against_serial, *more_workers, "0", "2", "1.06", "10.56"]
    assert words(said) == ["as long", "faster"]


def test_the_finding_for_one_number_of_workers():
    said = found(100, {3: 90}, {3: 110})
    assert numbers_in(said) == ["1", "2", "100", "90", "3", "0", "1", "1.22"]
    assert words(said) == ["faster"]


def test_the_finding_with_one_cpu_says_that_more_workers_cannot_help():
    said = found(28, {1: 100, 2: 101}, {1: 50, 2: 50}, usable=1)
    assert numbers_in(said)[4:8] == ["1", "1", "2", "1"]
    assert words(said) == ["None", "cannot help", "longer", "faster"]


@given(st.floats(0.001, 1000))
def test_a_change_is_worded_by_its_direction(ratio):
    said = FIGURE.change(ratio)
    (word,), percents = words(said), numbers_in(said)
    sign = {"as long": 0, "longer": 1, "less": -1}[word]
    assert len(percents) == abs(sign)
    assert 1 + sign * int(*percents) / 100 == pytest.approx(ratio, abs=0.00501)
