"""What tests of several files need."""

import multiprocessing
import signal

import hypothesis
import pytest
from redis_servers import needs_redis

from common import pools

hypothesis.settings.register_profile("untimed", deadline=None)  # the machine may be busy
hypothesis.settings.load_profile("untimed")

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # `make test &`: so would all scripts
    signal.signal(signal.SIGINT, signal.default_int_handler)

WITH_REDIS = (
    "primes_flag_redis",
    "primes_queue_redis",
    "fig_9_16",
    "prime_verification_ipc/compare",
    "ex3_redis",
    "sync_locking/compare",
)


def pytest_collection_modifyitems(items):
    """Skip what needs a Redis server where there is none."""
    for item in items:
        if any(script in item.name for script in WITH_REDIS):
            item.add_marker(needs_redis)


@pytest.fixture
def ends():
    """Put back what ``cli.run`` and ``cli.parse`` set for a whole process."""
    handlers = {signum: signal.getsignal(signum) for signum in pools.HELD_SIGNALS}
    method = multiprocessing.get_start_method(allow_none=True)
    yield
    for signum, handler in handlers.items():
        signal.signal(signum, handler)
    multiprocessing.set_start_method(method, force=True)
