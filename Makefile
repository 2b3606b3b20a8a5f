# Two commands do everything on a bare Debian 12: `make demo` and `make test`.
# The rest are parts of them, or checks that take longer (figures in tests/README.md).

BUILD ?= build
ASAN  ?= build-asan
TSAN  ?= build-tsan
FUZZ  ?= build-fuzz
BENCH ?= build-bench
FAULT ?= slow
JOBS  ?= $(shell nproc)

# A test that hangs must not cost the whole run.
CTEST = ctest --output-on-failure --timeout 600 -j $(JOBS)
SANITIZED = $(CTEST) --test-dir $(ASAN)

.PHONY: help build packages demo test e2e asan crash soak mc tsan fuzz bench clean

help:
	@echo "make demo [FAULT=slow|errors|none]   a release on live traffic, to its end"
	@echo "make test                            build twice (release, sanitizers), run every test"
	@echo "make e2e | asan                      parts of it: real nginx; sanitizers"
	@echo "make build                           programs in $(BUILD)/bin, libraries in $(BUILD)/lib"
	@echo "make crash | soak | mc | tsan | fuzz | bench  longer checks and measurements"

packages:
	@sh tools/install_packages.sh

$(BUILD)/build.ninja: | packages
	cmake -G Ninja -S . -B $(BUILD) -DCMAKE_BUILD_TYPE=RelWithDebInfo

build: packages $(BUILD)/build.ninja
	cmake --build $(BUILD) -j $(JOBS)

$(ASAN)/build.ninja: | packages
	cmake -G Ninja -S . -B $(ASAN) -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
	  -DCMAKE_C_FLAGS_DEBUG="-O1 -g1" -DREL_SANITIZE=ON -DREL_LLVM=OFF -DREL_NGINX=OFF

demo: build
	python3 examples/demo/demo.py --build-dir $(BUILD) --fault $(FAULT)

# Everything: one release build with all tests, end to end included, and one build under the address
# and undefined-behaviour sanitizers with what needs neither LLVM nor nginx. Both are built first and
# both are run, whatever the other says: one run tells everything.
test: packages $(BUILD)/build.ninja $(ASAN)/build.ninja
	cmake --build $(BUILD) -j $(JOBS)
	cmake --build $(ASAN) -j $(JOBS)
	$(SANITIZED) || failed=1; \
	  $(CTEST) --test-dir $(BUILD) && [ -z "$$failed" ]

# Real nginx, model servers, sidecar and load on loopback.
e2e: build
	$(CTEST) --test-dir $(BUILD) -R "^e2e_"

# Address and undefined-behaviour sanitizers, for what does not need LLVM or nginx.
asan: packages $(ASAN)/build.ninja
	cmake --build $(ASAN) -j $(JOBS)
	$(SANITIZED)

crash: build
	RELC_CRASH=all $(BUILD)/bin/rel_crash_tests

# More seeds of the simulation, one process a core.
SEEDS ?= 20000
soak: build
	seq 0 $$(( $(JOBS) - 1 )) | xargs -P $(JOBS) -I{} env RELC_SIM_SEEDS=$$(( $(SEEDS) / $(JOBS) )) \
	  sh -c 'RELC_SIM_FIRST=$$(( 1 + {} * RELC_SIM_SEEDS )) $(BUILD)/bin/rel_sim_tests'

# The Monte Carlo tables of the statistical comparisons, with fixed seeds.
MC_RUNS ?= 1000
mc: build
	$(BUILD)/bin/rel_mc $(MC_RUNS)

$(TSAN)/build.ninja: | packages
	cmake -G Ninja -S . -B $(TSAN) -DCMAKE_BUILD_TYPE=RelWithDebInfo -DREL_TSAN=ON -DREL_LLVM=OFF \
	  -DREL_NGINX=OFF

tsan: packages $(TSAN)/build.ninja
	cmake --build $(TSAN) -j $(JOBS) --target rel_tsan_stress
	$(TSAN)/bin/rel_tsan_stress

# clang is needed here alone, and large: not in packages.txt.
$(FUZZ)/build.ninja: | packages
	@command -v clang++-19 >/dev/null || { \
	  echo "make fuzz needs clang: apt-get install clang-19 libclang-rt-19-dev"; exit 2; }
	cmake -G Ninja -S . -B $(FUZZ) -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" \
	  -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 -DREL_FUZZ=ON -DREL_TESTS=OFF \
	  -DREL_LLVM=OFF -DREL_NGINX=OFF

SECONDS_EACH ?= 60
fuzz: packages $(FUZZ)/build.ninja
	cmake --build $(FUZZ) -j $(JOBS) --target rel_fuzz
	python3 tests/fuzz/run.py --build-dir $(FUZZ) --seconds $(SECONDS_EACH)

$(BENCH)/build.ninja: | packages
	cmake -G Ninja -S . -B $(BENCH) -DCMAKE_BUILD_TYPE=RelWithDebInfo -DREL_BENCH=ON -DREL_TESTS=OFF

bench: packages $(BENCH)/build.ninja
	cmake --build $(BENCH) -j $(JOBS)
	python3 tests/bench/table.py --build-dir $(BENCH)

clean:
	rm -rf $(BUILD) $(ASAN) $(TSAN) $(FUZZ) $(BENCH)
