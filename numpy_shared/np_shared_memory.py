"""Share one big numpy array between processes that attach to a named block of shared memory.
Beyond the chapter

Chapter: answers Examples 9-27 to 9-34 with the standard library's shared_memory
Run:     python numpy_shared/np_shared_memory.py 4
See:     the same counts as np_shared.py gives. The workers find the block by its name, under
         every start method, and so could a process that is started later or by another program.
         A SharedMemoryManager removes the block when its work is done or has failed. A block must
         not be closed while a numpy array still looks into it: so every array lives in a function.
         Not where /dev/shm is small, as in many containers: there np_shared.py's Array turns to the
         temporary folder. And for the workers of one Pool, np_shared.py is shorter.
"""

import contextlib
import multiprocessing
import multiprocessing.managers
import multiprocessing.shared_memory
import os
import traceback

import np_check
import np_shared
import numpy as np

from common import cli, pools, timing

DEFAULT_VALUE = 42


def start_worker(name, size_a, size_b, all_have_a_share):
    """Attach to the parent's block; keep it where this worker's functions find it."""
    global block, shape, barrier
    block = multiprocessing.shared_memory.SharedMemory(name)
    shape, barrier = (size_a, size_b), all_have_a_share


def worker_fn(main_nparray, idx):
    """Check that row ``idx`` holds what the parent wrote, then overwrite it with our pid."""
    if not (main_nparray[idx] == DEFAULT_VALUE).all():
        raise cli.WrongAnswer(f"row {idx} is not the parent's")
    if idx % 1000 == 0:
        print(f"Worker with idx {idx}: block {block.name} in PID {os.getpid()}", flush=True)
    main_nparray[idx] = os.getpid()


def overwrite_share(share):
    """Overwrite the rows in ``share``; return our pid and the number of items overwritten.

    Nobody starts before every worker has a share, so nobody takes two.
    """
    barrier.wait()
    main_nparray = np.ndarray(shape, buffer=block.buf)
    for idx in share:
        worker_fn(main_nparray, idx)
    return os.getpid(), len(share) * main_nparray.shape[1]


@contextlib.contextmanager
def shared_block(nbytes):
    """Give a SharedMemory of ``nbytes``; a manager removes it when the block ends."""
    kind = multiprocessing.managers.SharedMemoryManager
    with contextlib.ExitStack() as at_last, pools.manager(kind) as manager:
        created = manager.SharedMemory(nbytes)
        at_last.callback(remove, created)
        try:
            yield created
        except BaseException as error:
            traceback.clear_frames(error.__traceback__)  # arrays in them look into the block
            raise
        finally:
            created.close()


def remove(created):
    """Remove the block in place of its manager, if that was killed."""
    with contextlib.suppress(FileNotFoundError):
        created.unlink()


def fill_and_overwrite(shared, nbr_workers, size_a, size_b):
    """Do the work in the block ``shared``; return the same as run."""
    main_nparray = np.ndarray((size_a, size_b), buffer=shared.buf)
    print(f"Created block {shared.name} with {main_nparray.nbytes:,} nbytes")
    main_nparray.fill(DEFAULT_VALUE)
    print(f"Filled with {DEFAULT_VALUE}:\n{main_nparray}", flush=True)
    shares = np_check.segments(size_a, min(nbr_workers, size_a))
    initargs = (shared.name, size_a, size_b, multiprocessing.Barrier(len(shares)))
    with pools.worker_pool(len(shares), start_worker, initargs) as pool:
        overwritten, duration = timing.timed(pool.map, overwrite_share, shares, 1)
    print(f"Overwritten by the workers with their pids:\n{main_nparray}")
    return np_shared.count_values(main_nparray), dict(overwritten), duration


def run(nbr_workers, size_a, size_b):
    """Return how many items hold which value, how many each pid overwrote, and the seconds it took.

    The first two are dicts. The workers are up before the clock starts.
    """
    np_check.require_named_memory(size_a, size_b)
    with shared_block(size_a * size_b * np_check.BYTES_PER_ITEM) as shared:
        return fill_and_overwrite(shared, nbr_workers, size_a, size_b)


def main():
    parser = cli.parser(__doc__)
    cli.add_workers(parser)
    np_check.add_sizes(parser)
    args = cli.parse(parser)
    counts, overwritten, duration = run(args.nbr_workers, args.rows, args.cols)
    np_check.report_counts(counts, overwritten, args.rows * args.cols, DEFAULT_VALUE)
    cli.check(len(counts) == min(args.nbr_workers, args.rows), "not one pid for each process")
    print("Delta:", timing.seconds(duration))


if __name__ == "__main__":
    cli.run(main)
