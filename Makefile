# Each section's target is the list of its scripts; read it as an index. Variables to override:
#   WORKERS=2  SCALE=quick|book  START_METHOD=fork|forkserver|spawn  PYTHON=python3.13
#   SWEEP=1,2,4 (the numbers of workers in figures)  FRESH=1 (report measures all again)

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
MOVED := $(shell [ -s $(VENV)/.installed ] && [ "$$(cat $(VENV)/.installed)" != "$$(pwd -P)" ] && echo moved)
export PIP_USER := 0

SERIAL := --scale $(SCALE)
METHOD := $(if $(START_METHOD),--start-method $(START_METHOD))
WITH_WORKERS := $(SERIAL) $(if $(WORKERS),--workers $(WORKERS))
PARALLEL := $(WITH_WORKERS) $(METHOD)
FIGURE := $(SERIAL) $(if $(SWEEP),--workers $(SWEEP)) $(METHOD)

SECTIONS := pi_estimation primes_pool primes_queue prime_verification_ipc numpy_shared sync_locking
SECTION ?= $(SECTIONS)

# $(call section,number and titles)
define section
@printf '\n\n# %s\n' '$(1)'
endef

# $(call run,place in the chapter,script and arguments)
define run
@printf '\n== %s\n%s\n' '$(1)' '$(PY) $(strip $(2))'
@$(PY) $(2) $(call note,$(2))
endef

# $(call run_if,what it needs,place in the chapter,script and arguments): the same if Python can do
# what it needs; else that is left out, with the line that says why
define run_if
@printf '\n== %s\n%s\n' '$(2)' '$(PY) $(strip $(3))'
@if why=$$($(PY) $(1) 2>&1); then $(PY) $(3) $(call note,$(3)); \
  else echo "left out: $$why"$(if $(NOTES),; echo "left-out $(firstword $(3)): $$why" >>$(NOTES)); fi
endef

# $(call install,file of requirements): one by one if this Python cannot have all of them
PIP := $(PY) -m pip install --quiet --prefer-binary --disable-pip-version-check
ERRORS := $(VENV)/.pip-errors
define install
$(PIP) -r $(1) 2>$(ERRORS) \
  || { $(PIP) -e . 2>>$(ERRORS) && grep '^[a-z]' $(1) | while read -r one; do $(PIP) "$$one" 2>>$(ERRORS) \
       || echo "left out, as pip cannot install it here: $$one (see $(ERRORS))"; done; } \
  || { cat $(ERRORS) >&2; exit 1; }
endef

REDIS := -m common.redis_server
INTERPRETERS := -c 'import concurrent.futures as futures, sys; \
  hasattr(futures, "InterpreterPoolExecutor") or sys.exit("needs CPython 3.14 or newer")'

# In make chapter, $(NOTES) is a file: what each run came to goes there, and the next one follows.
note = $(if $(NOTES),; echo "$$? $(firstword $(1))" >>$(NOTES))

.PHONY: help chapter chapter-begins figures report cluster test torture lint clean setup setup-dev setup-cluster moved \
  $(SECTIONS) $(SECTIONS:%=%-examples) $(SECTIONS:%=%-compare) $(SECTIONS:%=%-figures) $(SECTIONS:%=%-claims)

help: ## list the targets
	@trap '' PIPE; { \
	awk -F ':.*## ' '/^[a-z][a-z_-]*:.*## / { printf "make %-24s %s\n", $$1, $$2 }' Makefile; \
	echo 'make SECTION-examples         only the examples of a section, such as: make primes_pool-examples'; \
	echo 'make SECTION-compare          only its comparison of all ways: make primes_pool-compare'; \
	echo 'make SECTION-figures          only its figures: make primes_pool-figures'; \
	echo 'make SECTION-claims           what the chapter says, judged after -compare and -figures: make primes_pool-claims'; \
	echo 'Variables: WORKERS=2  SCALE=quick|book  START_METHOD=fork|forkserver|spawn  PYTHON=python3.13  SWEEP=1,2,4  FRESH=1'; } 2>/dev/null || true # head may have gone

chapter: NOTES = $(VENV)/.chapter
chapter: chapter-begins $(SECTIONS:%=%-examples) ## every example of the chapter, section after section
	@awk -v now="$$(date +%s)" "$$SUMMARY" $(NOTES)

chapter-begins: setup
	@date +%s >$(NOTES)

define SUMMARY
NR == 1 { seconds = now - $$1; next }
!($$2 in code) { code[$$2] = 0; scripts++ }
$$1 == "left-out" { left_out = left_out "\nLeft out: " substr($$0, 10); missing++; next }
$$1 != 0 && !code[$$2] { code[$$2] = $$1; failed = failed "\nFailed: " $$2 " (exit code " $$1 ")"; wrong++ }
END {
  printf "\n\n# Summary\n%d of %d scripts ran and gave the right answer", scripts - missing - wrong, scripts
  printf " in %d min %d s.%s%s\n", seconds / 60, seconds % 60, failed, left_out
  print "Left out: comparisons and figures, which take longer; the scripts for a cluster, which need dask."
  print "Next: make primes_pool    a section with its comparison and its figures; or another section"
  print "      make figures        the figures of all sections"
  print "      make cluster        the scripts for a cluster"
  print "      source $(VENV)/bin/activate && python primes_pool/primes_pool.py --help"
  exit (wrong > 0)
}
endef
export SUMMARY

pi_estimation: pi_estimation-examples pi_estimation-compare pi_estimation-figures pi_estimation-claims ## section 1: estimating pi
pi_estimation-examples: setup
	$(call section,1 Estimating pi (使用蒙特卡洛方法估算 π))
	$(call run,Example 9-1,pi_estimation/pi_lists_series.py $(SERIAL))
	$(call run,Examples 9-1 and 9-2 with processes,pi_estimation/pi_lists_parallel.py $(PARALLEL))
	$(call run,Examples 9-1 and 9-2 with threads,pi_estimation/pi_lists_parallel.py $(PARALLEL) --threads)
	$(call run,Examples 9-3 and 9-4,pi_estimation/pi_lists_parallel_joblib.py $(WITH_WORKERS))
	$(call run,Examples 9-5 and 9-6 for the first time,pi_estimation/pi_lists_parallel_joblib_cache.py $(WITH_WORKERS) --clear)
	$(call run,Examples 9-5 and 9-6 again from the cache,pi_estimation/pi_lists_parallel_joblib_cache.py $(WITH_WORKERS))
	$(call run,Random numbers in parallel systems,pi_estimation/random_streams.py $(SERIAL))
	$(call run,Example 9-7,pi_estimation/pi_numpy_serial.py $(SERIAL))
	$(call run,Example 9-7 with processes,pi_estimation/pi_numpy_parallel.py $(PARALLEL))
	$(call run,Example 9-7 with threads,pi_estimation/pi_numpy_parallel.py $(PARALLEL) --threads)
	$(call run,Find what parallelises,pi_estimation/numpy_line_costs.py $(SERIAL))
	$(call run,What one more process costs,pi_estimation/worker_memory.py $(SERIAL) $(METHOD))
	$(call run,Beyond the chapter: threads with a Random each,pi_estimation/pi_lists_threads.py $(WITH_WORKERS))
	$(call run_if,$(INTERPRETERS),Beyond the chapter: interpreters,pi_estimation/pi_lists_interpreters.py $(WITH_WORKERS))
	$(call run,Beyond the chapter: names looked up once,pi_estimation/pi_lists_tuned.py $(SERIAL))
	$(call run,Beyond the chapter: blocks that stay in the cache,pi_estimation/pi_numpy_blocked.py $(PARALLEL))

primes_pool: primes_pool-examples primes_pool-compare primes_pool-figures primes_pool-claims ## section 2: finding primes
primes_pool-examples: setup
	$(call section,2 Finding primes (寻找素数))
	$(call run,Example 9-8 in one process,primes_pool/primes_serial.py $(SERIAL))
	$(call run,Example 9-8 in a pool,primes_pool/primes_pool.py $(PARALLEL))
	$(call run,Example 9-8 in a pool with one number a job,primes_pool/primes_pool.py $(PARALLEL) --chunksize 1)
	$(call run,Example 9-8 in a pool with the numbers shuffled,primes_pool/primes_pool.py $(PARALLEL) --shuffle)
	$(call run,Beyond the chapter: threads and chunks,primes_pool/primes_threads.py $(PARALLEL))
	$(call run,Beyond the chapter: a sieve,primes_pool/primes_sieve.py $(PARALLEL))

primes_queue: primes_queue-examples primes_queue-compare primes_queue-figures primes_queue-claims ## section 3: queues of work
primes_queue-examples: setup
	$(call section,3 Queues of work (工作队列))
	$(call run,Figure 9-14 without a queue,primes_queue/primes_serial.py $(SERIAL))
	$(call run,Examples 9-9 to 9-11,primes_queue/primes_queue.py $(PARALLEL))
	$(call run,Half the jobs,primes_queue/primes_queue_less_work.py $(PARALLEL))
	$(call run,Examples 9-12 and 9-13,primes_queue/primes_queue_jobs_feeder_thread.py $(PARALLEL))
	$(call run,Beyond the chapter: ranges on the queue,primes_queue/primes_queue_batched.py $(PARALLEL))
	$(call run_if,$(REDIS),Beyond the chapter: a queue in Redis,primes_queue/primes_queue_redis.py $(PARALLEL))

prime_verification_ipc: prime_verification_ipc-examples prime_verification_ipc-compare prime_verification_ipc-figures prime_verification_ipc-claims ## section 4: verifying primes with interprocess communication
prime_verification_ipc-examples: setup
	$(call section,4 Verifying primes with interprocess communication (使用进程间通信验证质数))
	$(call run,Example 9-14,prime_verification_ipc/primes_serial.py $(SERIAL))
	$(call run,Examples 9-15 and 9-16,prime_verification_ipc/primes_pool_naive.py $(PARALLEL))
	$(call run,Example 9-17,prime_verification_ipc/primes_pool_less_naive.py $(PARALLEL))
	$(call run,Examples 9-18 to 9-20,prime_verification_ipc/primes_flag_manager.py $(PARALLEL))
	$(call run_if,$(REDIS),Examples 9-21 and 9-22,prime_verification_ipc/primes_flag_redis.py $(PARALLEL))
	$(call run,Example 9-23,prime_verification_ipc/primes_flag_rawvalue.py $(PARALLEL))
	$(call run,Example 9-24,prime_verification_ipc/primes_flag_mmap.py $(PARALLEL))
	$(call run,Example 9-25,prime_verification_ipc/primes_flag_mmap_lookahead.py $(PARALLEL))
	$(call run,Example 9-26,prime_verification_ipc/primes_flag_mmap_redux.py $(PARALLEL))
	$(call run,How often the flag is read,prime_verification_ipc/count_flag_checks.py $(SERIAL))
	$(call run_if,$(REDIS),Unix sockets and TCP,prime_verification_ipc/redis_sockets.py $(SERIAL))
	$(call run,Beyond the chapter: blocks instead of a flag,prime_verification_ipc/primes_ascending_blocks.py $(PARALLEL))
	$(call run,Beyond the chapter: blocks of numpy,prime_verification_ipc/primes_numpy.py $(PARALLEL))
	$(call run,Beyond the chapter: Example 9-26 under every start method,prime_verification_ipc/primes_flag_shared_memory.py $(PARALLEL))
	$(call run,Beyond the chapter: no division at all,prime_verification_ipc/primes_miller_rabin.py $(SERIAL))

numpy_shared: numpy_shared-examples numpy_shared-compare numpy_shared-figures numpy_shared-claims ## section 5: sharing a numpy array
numpy_shared-examples: setup
	$(call section,5 Sharing a numpy array (使用多处理共享 numpy 数据))
	$(call run,Examples 9-27 to 9-34,numpy_shared/np_shared.py $(PARALLEL) --inspect)
	$(call run,Filling a matrix with random numbers in one process,numpy_shared/np_shared_random_serial.py $(SERIAL))
	$(call run,Filling a matrix with random numbers in parallel,numpy_shared/np_shared_random_parallel.py $(PARALLEL))
	$(call run,Beyond the chapter: a named block of shared memory,numpy_shared/np_shared_memory.py $(PARALLEL))
	$(call run,Beyond the chapter: a file that joblib maps,numpy_shared/np_shared_joblib.py $(WITH_WORKERS))
	$(call run,Beyond the chapter: filling a matrix by threads,numpy_shared/np_shared_random_threads.py $(WITH_WORKERS))

sync_locking: sync_locking-examples sync_locking-compare sync_locking-figures sync_locking-claims ## section 6: synchronising access to files and variables
sync_locking-examples: setup
	$(call section,6 Synchronising access to files and variables (同步文件和变量访问))
	$(call run,Examples 9-35 and 9-36,sync_locking/ex1_nolock1.py $(SERIAL) $(METHOD))
	$(call run,Examples 9-37 and 9-38,sync_locking/ex1_nolock4.py $(PARALLEL))
	$(call run,Examples 9-39 and 9-40,sync_locking/ex1_lock.py $(PARALLEL))
	$(call run,Examples 9-41 and 9-42,sync_locking/ex2_nolock.py $(PARALLEL))
	$(call run,Examples 9-43 and 9-44,sync_locking/ex2_lock.py $(PARALLEL))
	$(call run,Example 9-45,sync_locking/ex2_lock_acquire.py $(PARALLEL))
	$(call run,Examples 9-46 and 9-47,sync_locking/ex2_lock_rawvalue.py $(PARALLEL))
	$(call run,Beyond the chapter: fasteners for each increment,sync_locking/ex1_lock_increment.py $(PARALLEL))
	$(call run,Beyond the chapter: flock for each increment,sync_locking/ex1_flock.py $(PARALLEL))
	$(call run_if,$(REDIS),Beyond the chapter: a counter in Redis,sync_locking/ex3_redis.py $(PARALLEL))
	$(call run,Beyond the chapter: threads,sync_locking/ex2_threads.py $(WITH_WORKERS))
	$(call run,Beyond the chapter: count apart and add,sync_locking/ex3_merge.py $(PARALLEL) --max_count 250_000)

# How the ways of a section compare, and its figures, as pictures and measurements in results/

pi_estimation-compare: setup
	$(call run,All ways by turns,pi_estimation/compare.py $(PARALLEL))
	$(call run,All Pythons by turns,pi_estimation/compare_pythons.py $(PARALLEL))

pi_estimation-figures: setup
	$(call run,Figure 9-1,pi_estimation/fig_9_01_darts.py $(FIGURE))
	$(call run,Figure 9-2,pi_estimation/fig_9_02_lists_speed.py $(FIGURE))
	$(call run,Figures 9-3 to 9-7,pi_estimation/fig_9_03_cpu_usage.py $(FIGURE))
	$(call run,Figure 9-8,pi_estimation/fig_9_08_numpy_speed.py $(FIGURE))

pi_estimation-claims: setup
	$(call run,What the chapter says,pi_estimation/claims.py $(SERIAL))

primes_pool-compare: setup
	$(call run,All ways by turns,primes_pool/compare.py $(PARALLEL))
	$(call run,All Pythons by turns,primes_pool/compare_pythons.py $(PARALLEL))

primes_pool-figures: setup
	$(call run,Figure 9-9,primes_pool/fig_9_09_prime_cost.py $(FIGURE))
	$(call run,Figures 9-10 to 9-12,primes_pool/fig_9_10_chunksize.py $(FIGURE))
	$(call run,Figure 9-13,primes_pool/fig_9_13_nbr_chunks.py $(FIGURE))

primes_pool-claims: setup
	$(call run,What the chapter says,primes_pool/claims.py $(SERIAL))

primes_queue-compare: setup
	$(call run,All ways by turns,primes_queue/compare.py $(PARALLEL))

primes_queue-figures: setup
	$(call run,Figure 9-14,primes_queue/fig_9_14_queue_cost.py $(FIGURE))

primes_queue-claims: setup
	$(call run,What the chapter says,primes_queue/claims.py $(SERIAL))

prime_verification_ipc-compare: setup
	$(call run,All ways by turns,prime_verification_ipc/compare.py $(PARALLEL))
	$(call run,All Pythons by turns,prime_verification_ipc/compare_pythons.py $(PARALLEL))

prime_verification_ipc-figures: setup
	$(call run,Figure 9-15,prime_verification_ipc/fig_9_15_factor_frequency.py $(FIGURE))
	$(call run,Figure 9-16,prime_verification_ipc/fig_9_16_slower_ipc.py $(FIGURE))
	$(call run,Figure 9-17,prime_verification_ipc/fig_9_17_faster_ipc.py $(FIGURE))

prime_verification_ipc-claims: setup
	$(call run,What the chapter says,prime_verification_ipc/claims.py $(SERIAL))

numpy_shared-compare: setup
	$(call run,All ways by turns,numpy_shared/compare.py $(PARALLEL))

numpy_shared-figures: setup
	$(call run,Figure 9-18,numpy_shared/fig_9_18_shared_memory.py $(FIGURE))

numpy_shared-claims: setup
	$(call run,What the chapter says,numpy_shared/claims.py $(SERIAL))

sync_locking-compare: setup
	$(call run,All ways by turns,sync_locking/compare.py $(PARALLEL))

sync_locking-figures:
	@echo 'Section 6 (sync_locking) has no figures'

sync_locking-claims: setup
	$(call run,What the chapter says,sync_locking/claims.py $(SERIAL))

report: setup ## one page to read beside the chapter: its figures and claims, measured here (FRESH=1: all again)
	$(call run,The page to read beside the chapter,-m common.report $(PARALLEL) $(if $(FRESH),--fresh))

figures: $(SECTION:%=%-figures) ## draw the figures from your own measurements (SECTION=primes_pool: of one section)

cluster: setup-cluster ## the scripts for a cluster, on one of this machine
	$(call run,Beyond the chapter: pi on a cluster,pi_estimation/pi_cluster.py $(WITH_WORKERS))
	$(call run,Beyond the chapter: a sieve on a cluster,primes_pool/primes_cluster.py $(WITH_WORKERS))

test: setup-dev setup-cluster ## every script, kernel and fault
	$(PY) -m pytest -n 5 --dist worksteal  # tests wait more than they compute

torture: setup-dev setup-cluster ## 1,000 random faults in all scripts that start processes (FAULTS=..., SEED=...)
	PYTHONPATH=. $(PY) tests/torture.py $(or $(FAULTS),1000) $(SEED)

lint: setup-dev ## ruff's rules and its formatter
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

setup: $(VENV)/.installed ## create the environment; to use it: source .venv/bin/activate
setup-dev: $(VENV)/.installed-dev
setup-cluster: $(VENV)/.installed-cluster

# An environment knows its own path: one that was moved or copied with the project is made anew.
$(VENV)/.installed: requirements.txt pyproject.toml $(if $(MOVED),moved)
	@if [ -z '$(PYTHON)' ]; then echo 'Python 3.11 or newer with venv is needed: make PYTHON=...' >&2; exit 2; fi
	@echo 'Making the environment $(VENV)'
	$(PYTHON) -m venv $(if $(MOVED),--clear )$(VENV)
	@$(call install,requirements.txt)
	@pwd -P >$@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@$(call install,requirements-dev.txt)
	@touch $@

$(VENV)/.installed-cluster: $(VENV)/.installed requirements-cluster.txt
	@$(call install,requirements-cluster.txt)
	@touch $@

clean: ## remove the environment, caches and results
	rm -rf .venv .venv-* results pi_estimation/joblib_cache ./*.egg-info
	rm -rf .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
