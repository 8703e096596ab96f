# Each section's target is the list of its scripts; read it as an index. Variables to override:
#   WORKERS=2  SCALE=quick|book  START_METHOD=fork|forkserver|spawn  PYTHON=python3.13
#   SWEEP=1,2,4 (the numbers of workers in figures)

SHELL := /bin/sh
.SUFFIXES:
.NOTPARALLEL:
.DEFAULT_GOAL := help

SCALE ?= quick
WORKERS ?=
SWEEP ?=
START_METHOD ?=
ifeq ($(origin PYTHON),undefined)
  PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
    $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
  VENV := .venv
else
  VENV := .venv-$(subst /,-,$(patsubst /%,%,$(PYTHON)))
endif
PY := $(VENV)/bin/python

SCALED := --scale $(SCALE)
METHOD := $(if $(START_METHOD),--start-method $(START_METHOD))
POOLED := $(SCALED) $(METHOD) $(WORKERS)
OPTION := $(SCALED) $(METHOD) $(if $(WORKERS),--workers $(WORKERS))
DRAWN := $(SCALED) $(METHOD) $(if $(SWEEP),--workers $(SWEEP))

SECTIONS := pi_estimation primes_pool primes_queue prime_verification_ipc numpy_shared sync_locking
SECTION ?= $(SECTIONS)

# $(call section,number and titles)
define section
@printf '\n\n# %s\n' '$(1)'
endef

# $(call run,place in the chapter,script and arguments)
define run
@printf '\n== %s: %s\n' '$(1)' '$(firstword $(2))'
@$(PY) $(2)
endef

# the same where there is a Redis server; elsewhere a line that says how to get one
define run_redis
@printf '\n== %s: %s\n' '$(1)' '$(firstword $(2))'
@if $(PY) -m common.redis_server; then $(PY) $(2); fi
endef

.PHONY: help chapter figures cluster test lint clean setup setup-dev setup-cluster $(SECTIONS) \
  $(SECTIONS:%=%-examples) $(SECTIONS:%=%-compare) $(SECTIONS:%=%-figures)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z_-]*:.*## / { printf "make %-24s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables: WORKERS=2  SCALE=quick|book  START_METHOD=fork|forkserver|spawn  PYTHON=python3.13  SWEEP=1,2,4'

chapter: $(SECTIONS:%=%-examples) ## every example of the chapter, section after section

pi_estimation: pi_estimation-examples pi_estimation-compare pi_estimation-figures ## section 1: estimating pi
pi_estimation-examples: setup
	$(call section,1 Estimating pi (使用蒙特卡洛方法估算 π))
	$(call run,Example 9-1,pi_estimation/pi_lists_series.py $(SCALED))
	$(call run,Examples 9-1 and 9-2 with processes,pi_estimation/pi_lists_parallel.py $(POOLED))
	$(call run,Examples 9-1 and 9-2 with threads,pi_estimation/pi_lists_parallel.py $(POOLED) --threads)
	$(call run,Examples 9-3 and 9-4,pi_estimation/pi_lists_parallel_joblib.py $(SCALED) $(WORKERS))
	$(call run,Examples 9-5 and 9-6 for the first time,pi_estimation/pi_lists_parallel_joblib_cache.py $(SCALED) $(WORKERS) --clear)
	$(call run,Examples 9-5 and 9-6 again from the cache,pi_estimation/pi_lists_parallel_joblib_cache.py $(SCALED) $(WORKERS))
	$(call run,Random numbers in parallel systems,pi_estimation/random_streams.py $(SCALED))
	$(call run,Example 9-7,pi_estimation/pi_numpy_serial.py $(SCALED))
	$(call run,Example 9-7 with processes,pi_estimation/pi_numpy_parallel.py $(POOLED))
	$(call run,Example 9-7 with threads,pi_estimation/pi_numpy_parallel.py $(POOLED) --threads)
	$(call run,Find what parallelises,pi_estimation/numpy_line_costs.py $(SCALED))
	$(call run,What one more process costs,pi_estimation/worker_memory.py $(SCALED) $(METHOD))
	$(call run,Beyond the chapter: names looked up once,pi_estimation/pi_lists_tuned.py $(SCALED))
	$(call run,Beyond the chapter: blocks that stay in the cache,pi_estimation/pi_numpy_blocked.py $(POOLED))

primes_pool: primes_pool-examples primes_pool-compare primes_pool-figures ## section 2: finding primes
primes_pool-examples: setup
	$(call section,2 Finding primes (寻找素数))
	$(call run,Example 9-8 in one process,primes_pool/primes_serial.py $(SCALED))
	$(call run,Example 9-8 in a pool,primes_pool/primes_pool.py $(POOLED))
	$(call run,Example 9-8 in a pool with one number a job,primes_pool/primes_pool.py $(POOLED) --chunksize 1)
	$(call run,Example 9-8 in a pool with the numbers shuffled,primes_pool/primes_pool.py $(POOLED) --shuffle)
	$(call run,Beyond the chapter: a sieve,primes_pool/primes_sieve.py $(POOLED))

primes_queue: primes_queue-examples primes_queue-compare primes_queue-figures ## section 3: queues of work
primes_queue-examples: setup
	$(call section,3 Queues of work (工作队列))
	$(call run,Figure 9-14 without a queue,primes_queue/primes_serial.py $(SCALED))
	$(call run,Examples 9-9 to 9-11,primes_queue/primes_queue.py $(POOLED))
	$(call run,Half the jobs,primes_queue/primes_queue_less_work.py $(POOLED))
	$(call run,Examples 9-12 and 9-13,primes_queue/primes_queue_jobs_feeder_thread.py $(POOLED))
	$(call run,Beyond the chapter: ranges on the queue,primes_queue/primes_queue_batched.py $(POOLED))
	$(call run_redis,Beyond the chapter: a queue in Redis,primes_queue/primes_queue_redis.py $(POOLED))

prime_verification_ipc: prime_verification_ipc-examples prime_verification_ipc-compare prime_verification_ipc-figures ## section 4: verifying primes with interprocess communication
prime_verification_ipc-examples: setup
	$(call section,4 Verifying primes with interprocess communication (使用进程间通信验证质数))
	$(call run,Example 9-14,prime_verification_ipc/primes_serial.py $(SCALED))
	$(call run,Examples 9-15 and 9-16,prime_verification_ipc/primes_pool_naive.py $(OPTION))
	$(call run,Example 9-17,prime_verification_ipc/primes_pool_less_naive.py $(OPTION))
	$(call run,Examples 9-18 to 9-20,prime_verification_ipc/primes_flag_manager.py $(OPTION))
	$(call run_redis,Examples 9-21 and 9-22,prime_verification_ipc/primes_flag_redis.py $(OPTION))
	$(call run,Example 9-23,prime_verification_ipc/primes_flag_rawvalue.py $(OPTION))
	$(call run,Example 9-24,prime_verification_ipc/primes_flag_mmap.py $(OPTION))
	$(call run,Example 9-25,prime_verification_ipc/primes_flag_mmap_lookahead.py $(OPTION))
	$(call run,Example 9-26,prime_verification_ipc/primes_flag_mmap_redux.py $(OPTION))
	$(call run,How often the flag is read,prime_verification_ipc/count_flag_checks.py $(SCALED))
	$(call run,Beyond the chapter: blocks instead of a flag,prime_verification_ipc/primes_ascending_blocks.py $(OPTION))
	$(call run,Beyond the chapter: blocks of numpy,prime_verification_ipc/primes_numpy.py $(OPTION))
	$(call run,Beyond the chapter: Example 9-26 under every start method,prime_verification_ipc/primes_flag_shared_memory.py $(OPTION))
	$(call run,Beyond the chapter: no division at all,prime_verification_ipc/primes_miller_rabin.py $(SCALED))

numpy_shared: numpy_shared-examples numpy_shared-compare numpy_shared-figures ## section 5: sharing a numpy array
numpy_shared-examples: setup
	$(call section,5 Sharing a numpy array (使用多处理共享 numpy 数据))
	$(call run,Examples 9-27 to 9-34,numpy_shared/np_shared.py $(POOLED) --inspect)
	$(call run,Filling a matrix with random numbers in one process,numpy_shared/np_shared_random_serial.py $(SCALED))
	$(call run,Filling a matrix with random numbers in parallel,numpy_shared/np_shared_random_parallel.py $(POOLED))
	$(call run,Beyond the chapter: a named block of shared memory,numpy_shared/np_shared_memory.py $(POOLED))
	$(call run,Beyond the chapter: a file that joblib maps,numpy_shared/np_shared_joblib.py $(SCALED) $(WORKERS))
	$(call run,Beyond the chapter: filling a matrix by threads,numpy_shared/np_shared_random_threads.py $(SCALED) $(WORKERS))

sync_locking: sync_locking-examples sync_locking-compare sync_locking-figures ## section 6: synchronising access to files and variables
sync_locking-examples: setup
	$(call section,6 Synchronising access to files and variables (同步文件和变量访问))
	$(call run,Examples 9-35 and 9-36,sync_locking/ex1_nolock1.py $(SCALED) $(METHOD))
	$(call run,Examples 9-37 and 9-38,sync_locking/ex1_nolock4.py $(POOLED))
	$(call run,Examples 9-39 and 9-40,sync_locking/ex1_lock.py $(POOLED))
	$(call run,Examples 9-41 and 9-42,sync_locking/ex2_nolock.py $(POOLED))
	$(call run,Examples 9-43 and 9-44,sync_locking/ex2_lock.py $(POOLED))
	$(call run,Example 9-45,sync_locking/ex2_lock_acquire.py $(POOLED))
	$(call run,Examples 9-46 and 9-47,sync_locking/ex2_lock_rawvalue.py $(POOLED))
	$(call run,Beyond the chapter: fasteners for each increment,sync_locking/ex1_lock_increment.py $(POOLED))
	$(call run,Beyond the chapter: flock for each increment,sync_locking/ex1_flock.py $(POOLED))
	$(call run_redis,Beyond the chapter: a counter in Redis,sync_locking/ex3_redis.py $(POOLED))
	$(call run,Beyond the chapter: count apart and add,sync_locking/ex3_merge.py $(POOLED) --max_count 250_000)

# How the ways of a section compare, and its figures, as pictures and measurements in results/

pi_estimation-compare: setup
	$(call run,All ways by turns,pi_estimation/compare.py $(POOLED))

pi_estimation-figures: setup
	$(call run,Figure 9-1,pi_estimation/fig_9_01_darts.py $(DRAWN))
	$(call run,Figure 9-2,pi_estimation/fig_9_02_lists_speed.py $(DRAWN))
	$(call run,Figures 9-3 to 9-7,pi_estimation/fig_9_03_cpu_usage.py $(DRAWN))
	$(call run,Figure 9-8,pi_estimation/fig_9_08_numpy_speed.py $(DRAWN))

primes_pool-compare: setup
	$(call run,All ways by turns,primes_pool/compare.py $(POOLED))

primes_pool-figures: setup
	$(call run,Figure 9-9,primes_pool/fig_9_09_prime_cost.py $(DRAWN))
	$(call run,Figures 9-10 to 9-12,primes_pool/fig_9_10_chunksize.py $(DRAWN))
	$(call run,Figure 9-13,primes_pool/fig_9_13_nbr_chunks.py $(DRAWN))

primes_queue-compare: setup
	$(call run,All ways by turns,primes_queue/compare.py $(POOLED))

primes_queue-figures: setup
	$(call run,Figure 9-14,primes_queue/fig_9_14_queue_cost.py $(DRAWN))

prime_verification_ipc-compare: setup
	$(call run,All ways by turns,prime_verification_ipc/compare.py $(OPTION))

prime_verification_ipc-figures: setup
	$(call run,Figure 9-15,prime_verification_ipc/fig_9_15_factor_frequency.py $(DRAWN))
	$(call run,Figure 9-16,prime_verification_ipc/fig_9_16_slower_ipc.py $(DRAWN))
	$(call run,Figure 9-17,prime_verification_ipc/fig_9_17_faster_ipc.py $(DRAWN))

numpy_shared-compare: setup
	$(call run,All ways by turns,numpy_shared/compare.py $(POOLED))

numpy_shared-figures: setup
	$(call run,Figure 9-18,numpy_shared/fig_9_18_shared_memory.py $(DRAWN))

sync_locking-compare: setup
	$(call run,All ways by turns,sync_locking/compare.py $(POOLED))

sync_locking-figures: setup

figures: $(SECTION:%=%-figures) ## draw the figures from your own measurements (SECTION=primes_pool: of one section)

cluster: setup-cluster ## the scripts for a cluster, on one of this machine
	$(call run,Beyond the chapter: pi on a cluster,pi_estimation/pi_cluster.py $(SCALED) $(WORKERS))
	$(call run,Beyond the chapter: a sieve on a cluster,primes_pool/primes_cluster.py $(SCALED) $(WORKERS))

test: setup-dev setup-cluster ## every script, kernel and fault
	@$(PY) -m pytest -n 4 --dist worksteal  # tests wait more than they compute

lint: setup-dev ## ruff's rules and its formatter
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev
setup-cluster: $(VENV)/.installed-cluster

$(VENV)/.installed: requirements.txt pyproject.toml
	@if [ -z '$(PYTHON)' ]; then echo 'Python 3.11 or newer with venv is needed: make PYTHON=...' >&2; exit 2; fi
	@echo 'Making the environment $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/.installed-cluster: $(VENV)/.installed requirements-cluster.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-cluster.txt
	@touch $@

clean: ## remove the environment, caches and results
	rm -rf .venv .venv-* results pi_estimation/joblib_cache ./*.egg-info
	rm -rf .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
