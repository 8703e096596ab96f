"""Where there is no Redis server, what needs one is skipped."""

from redis_servers import needs_redis


def pytest_collection_modifyitems(items):
    for item in items:
        if "primes_flag_redis" in item.name:
            item.add_marker(needs_redis)
