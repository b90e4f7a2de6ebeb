# make         builds build/opik-alerts; touches nothing outside the build folder
# make run     installs what is missing (Debian: through apt), builds, opens the console
# make test    installs what is missing, builds, runs every test
# make torture the proofs of delivery at length (hours); make test runs them in short
# make fuzz    runs each fuzz target for FUZZ_SECONDS (10)
# make bench   prints figures beside the peers that are installed, and each goal (BENCH_RUNS=1 for a look)
# make coverage    which lines and branches of core/ the tests run
# make lint    cppcheck and clang-tidy over core/ and tui/: any finding fails
# make tsan    runs the test programs under ThreadSanitizer
# make valgrind    runs those of core/ under valgrind
# make deps    only installs what is missing: for tests, or FOR=run, coverage, sanitize, lint, bench
# make install [DESTDIR=] [PREFIX=/usr/local]  program, man page, completions, examples, systemd unit;
# make uninstall takes them away again
BUILD  ?= build
CC     ?= cc
WERROR ?= -Werror
# SANITIZE=address,undefined builds everything under those sanitizers
SANITIZE ?=
# V=1 shows every command whole
V ?=
SILENT := $(findstring s,$(filter-out -%,$(firstword $(MAKEFLAGS))))
say = $(if $(V)$(SILENT),,@printf '  %-3s %s\n' $(1) $(@:$(BUILD)/%=%);)

PREFIX  ?= /usr/local
DESTDIR ?=
UNITDIR ?= $(PREFIX)/lib/systemd/system
USERDIR ?= $(PREFIX)/lib/sysusers.d
SHARE    = $(DESTDIR)$(PREFIX)/share
EXAMPLES = $(SHARE)/doc/opik-alerts/examples

MODULES   := base model rules store send intake engine
LIBRARIES := ncursesw libcurl jansson sqlite3 libcmark libmicrohttpd libsodium inih zlib liblz4
DEPS      := CC='$(CC)' sh assets/install/deps.sh

VERSION := 0.1.0
OPT     ?= -O2 -g
DEFINES = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Icore -Itui
CFLAGS_ALL = -std=c11 $(DEFINES) -D_FORTIFY_SOURCE=2 -pthread -fstack-protector-strong \
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
  -Wno-missing-field-initializers $(WERROR) $(OPT) -Itests -I$(BUILD) $(CFLAGS)
LDFLAGS_ALL = -pthread -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)
ifneq ($(SANITIZE),)
CFLAGS_ALL += -U_FORTIFY_SOURCE -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_ALL += -fsanitize=$(SANITIZE)
endif

PKG := pkg-config
LIBS      = $(shell $(PKG) --libs $(LIBRARIES))
CORE_LIBS = $(shell $(PKG) --libs $(filter-out ncursesw libcmark inih,$(LIBRARIES)))
TEST_LIBS = $(shell $(PKG) --libs cmocka vterm openssl) -lutil

comma := ,
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
sources = $(sort $(shell find $(1) -name '*.c'))

# An arrow points from a module to what it may use (README, Architecture).
uses_base   :=
uses_model  := base
uses_rules  := model base
uses_store  := rules model base
uses_send   := rules model base
uses_intake := send store rules model base
uses_engine := send store rules model base
uses_tui    := engine intake send store rules model base

lib = $(BUILD)/lib$(1).a
libs_of = $(foreach m,$(1) $(uses_$(1)),$(call lib,$(m))) $(BUILD)/libassets.a $(call lib,base)

.PHONY: all needs run test torture fuzz fuzz-programs bench bench-instructions coverage lint tsan valgrind test-programs test-all deps clean
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/opik-alerts

needs:
	@$(DEPS) check run

deps:
	@$(DEPS) install $(or $(FOR),test)

run:
	@$(DEPS) install run
	@$(MAKE) --no-print-directory -j2 all
	@exec $(BUILD)/opik-alerts $(ARGS)

test:
	@$(DEPS) install test
	@$(MAKE) --no-print-directory -j2 all test-programs
	@$(MAKE) --no-print-directory test-all

$(BUILD)/opik-alerts: $(BUILD)/tui/main.o $(call libs_of,tui)
	$(call say,LD)$(CC) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS_ALL) $(LIBS)

define module_rule
$(call lib,$(1)): $(call objects,$(call sources,core/$(1)))
	@rm -f $$@
	$$(call say,AR)$(AR) rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call module_rule,$(m))))

$(BUILD)/libtui.a: $(filter-out $(BUILD)/tui/main.o,$(call objects,$(call sources,tui)))
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

$(BUILD)/%.o: %.c | needs
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Assets are compiled in: one assembler file that includes them, one table.
ASSETS := $(sort $(shell find assets -type f -not -path 'assets/install/*' -not -path 'assets/systemd/*'))
$(BUILD)/assets.c: $(ASSETS) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "base/asset.h"'; n=0; for f in $(ASSETS); do \
	  printf '__asm__(".section .rodata\\nasset_%s_begin: .incbin \\"%s\\"\\nasset_%s_end: .byte 0\\n.previous\\n");\n' $$n $$f $$n; \
	  echo "extern const unsigned char asset_$${n}_begin[], asset_$${n}_end[];"; n=$$((n+1)); done; \
	  echo 'const struct asset asset_table[] = {'; n=0; for f in $(ASSETS); do \
	  echo "    {\"$${f#assets/}\", asset_$${n}_begin, asset_$${n}_end},"; n=$$((n+1)); done; \
	  echo '};'; echo "const size_t asset_count = $$n;"; } > $@
$(BUILD)/libassets.a: $(BUILD)/assets.o
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^
$(BUILD)/assets.o: $(BUILD)/assets.c
	$(call say,CC)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# Tests: every tests/core/MODULE/test_*.c is one cmocka program that links the module it mirrors
# and what that may use, nothing above; tests/tui, tests/screens and tests/torture link everything.
# A program that gets between two functions names them here: WRAP_test_x := -Wl,--wrap=function
# (those of tests/core: WRAP_core_test_x)
$(BUILD)/libsupport.a: $(call objects,$(call sources,tests/support))
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^

wraps = $(patsubst %,-Wl$(comma)--wrap=%,$(1))
WRAP_test_disk := $(call wraps,db_wal_pages)
WRAP_test_memory := $(call wraps,malloc calloc realloc reallocarray strdup strndup realpath pthread_create)

programs = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/$(1)/test_*.c))

WRAP_core_test_draft := $(call wraps,malloc calloc realloc reallocarray)
WRAP_core_test_jsonmem := -Wl,--wrap=malloc
WIPED := $(call wraps,malloc free realloc)
WRAP_core_test_memory := $(WIPED)
WRAP_core_test_alert := $(WIPED)
WRAP_core_test_settings := $(WIPED)
WRAP_core_test_payload := $(WIPED)
WRAP_core_test_rekey := -Wl,--wrap=renameat
WRAP_core_test_writer := -Wl,--wrap=sqlite3_busy_timeout
WRAP_core_test_courier := -Wl,--wrap=sender_start
WRAP_core_test_ownpeer := -Wl,--wrap=fopen
define core_test_rule
$(BUILD)/tests/core/$(1)/test_%: $(BUILD)/tests/core/$(1)/test_%.o $(BUILD)/libsupport.a $(call libs_of,$(1))
	$$(call say,LD)$$(CC) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LDFLAGS_ALL) $$(WRAP_core_$$(@F)) $$(CORE_LIBS) $$(TEST_LIBS)
.PHONY: test-$(1)
test-$(1): $(call programs,core/$(1))
	@sh tests/run.sh $$^
endef
$(foreach m,$(MODULES),$(eval $(call core_test_rule,$(m))))

# The network of tests/support/scripted.h in place of send.h
SCRIPTED := $(patsubst %,-Wl$(comma)--wrap=%,sender_new sender_free sender_start sender_cancel \
  sender_turn sender_active sender_wake pthread_cond_timedwait)
WRAP_test_model := $(SCRIPTED) $(patsubst %,-Wl$(comma)--wrap=%,store_close_due store_close_claim store_expire \
  store_purge store_recover store_claim store_record store_endpoint_note getrandom \
  randombytes_buf crypto_kdf_keygen)
WRAP_test_time := $(SCRIPTED) -Wl,--wrap=clock_gettime
$(BUILD)/tests/torture/test_model: $(patsubst %,$(BUILD)/tests/torture/%.o,model model_endpoint world world_compare)
$(BUILD)/tests/torture/test_disk: $(patsubst %,$(BUILD)/tests/torture/%.o,disk_life disk_judge)
$(BUILD)/tests/torture/test_receivers: $(BUILD)/tests/torture/receiver_rows.o
$(BUILD)/tests/torture/test_steps: $(patsubst %,$(BUILD)/tests/torture/%.o,kill_plan kill_wraps doomed lives migrations)

WRAP_test_host := -Wl,--wrap=sender_turn
WRAP_test_config := -Wl,--wrap=ini_parse_stream
WRAP_test_tester := -Wl,--wrap=sender_start
WRAP_test_no_memory := $(call wraps,signing_settle alert_copy reply_new console_toast \
  eventfd signalfd strdup store_subscribe)
define tui_test_rule
$(BUILD)/tests/$(1)/test_%: $(BUILD)/tests/$(1)/test_%.o $(BUILD)/libsupport.a $(call libs_of,tui)
	$$(call say,LD)$$(CC) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LDFLAGS_ALL) $$(WRAP_$$(@F)) $$(LIBS) $$(TEST_LIBS)
.PHONY: test-$(1)
test-$(1): all $(call programs,$(1))
	@OPIK_ALERTS=$(abspath $(BUILD))/opik-alerts sh tests/run.sh $(call programs,$(1))
endef
WRAP_test_steps := $(addprefix -Wl$(comma)--wrap=,store_accept tx_emit_pieces db_run db_wal_pages payload_body \
  payload_wants_routing_key sender_start store_record log_attempts ending_of_alert delivery_row_find \
  metrics_purge curl_multi_add_handle curl_multi_perform curl_multi_info_read sqlite3_exec)
$(foreach m,tui screens torture,$(eval $(call tui_test_rule,$(m))))

# The longest first: they run beside the others.
PROGRAMS := $(foreach m,torture screens $(addprefix core/,$(MODULES)) tui,$(call programs,$(m)))
# Figures beside peers in the same run: prints, asserts nothing. Peers that are not installed are
# left out. BENCH_ONLY="accept deliver" for some of them; BENCH_RUNS, BENCH_SECONDS, BENCH_ATTEMPTS.
BENCHES := $(patsubst %,$(BUILD)/tests/bench/bench_%,accept deliver many growth latency idle console live)
PEERS   := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/peers/peer_*.c))
$(BUILD)/libbench.a: $(filter-out $(BUILD)/tests/bench/bench_%.o,$(call objects,$(filter-out tests/bench/instructions.c,$(wildcard tests/bench/*.c))))
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $^
$(BUILD)/tests/bench/bench_%: $(BUILD)/tests/bench/bench_%.o $(BUILD)/libbench.a $(BUILD)/libsupport.a $(call lib,base)
	$(call say,LD)$(CC) -o $@ $< $(BUILD)/libbench.a $(BUILD)/libsupport.a $(call lib,base) $(LDFLAGS_ALL) $(LIBS) $(TEST_LIBS) -lm
$(BUILD)/tests/bench/peers/peer_%: $(BUILD)/tests/bench/peers/peer_%.o $(call lib,base)
	$(call say,LD)$(CC) -o $@ $< $(call lib,base) $(LDFLAGS_ALL) $(LIBS)
$(BUILD)/tests/bench/instructions: $(BUILD)/tests/bench/instructions.o $(BUILD)/libbench.a $(BUILD)/libsupport.a $(call libs_of,intake)
	$(call say,LD)$(CC) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS_ALL) $(CORE_LIBS) $(TEST_LIBS)
bench-instructions: $(BUILD)/tests/bench/instructions
	@sh tests/bench/instructions.sh $<
bench:
	@$(DEPS) check bench || true
	@$(MAKE) --no-print-directory -j2 all $(BENCHES) $(PEERS)
	@OPIK_ALERTS=$(abspath $(BUILD))/opik-alerts BENCH_PEERS=$(abspath $(BUILD))/tests/bench/peers \
	  sh tests/bench/run.sh $(BENCHES)

test-programs: $(PROGRAMS)

# Fuzz targets are libFuzzer's, so clang builds them, with the sanitizers.
FUZZ_SECONDS ?= 10
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/libsupport.a $(call libs_of,tui)
	$(call say,LD)$(CC) -o $@ $< -fsanitize=fuzzer -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS_ALL) $(LIBS) $(TEST_LIBS)
fuzz-programs: $(FUZZERS)
fuzz:
	@$(MAKE) --no-print-directory -j2 CC=clang BUILD=build-fuzz SANITIZE=fuzzer-no-link,address,undefined OPT='-O1 -g' fuzz-programs
	@sh tests/fuzz/run.sh build-fuzz $(FUZZ_SECONDS)

torture:
	@$(DEPS) install test
	@$(MAKE) --no-print-directory -j2 all test-programs
	@TORTURE=long $(MAKE) --no-print-directory test-torture

test-all:
	@OPIK_ALERTS=$(abspath $(BUILD))/opik-alerts sh tests/run.sh tests/sdk/run.sh tests/screens/tmux.sh $(PROGRAMS) tests/layers.sh tests/docs.sh tests/install.sh tests/examples/run.sh

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

coverage:
	@$(DEPS) check coverage
	@rm -rf build-coverage
	@$(MAKE) --no-print-directory -j2 BUILD=build-coverage OPT='-O0 -g --coverage' LDFLAGS=--coverage all test-programs
	@$(MAKE) --no-print-directory BUILD=build-coverage OPT='-O0 -g --coverage' LDFLAGS=--coverage test-all || true
	@gcovr --root . --filter core/ --exclude-throw-branches build-coverage --sort-percentage --print-summary

# The checks stand in .clang-tidy and tests/lint/, what is left out of them with its reason. One
# file for each run of clang-tidy: 14 sees faults in va_list that are none in those after it.
CPPCHECK := --quiet -j2 --error-exitcode=1 --std=c11 \
  --enable=warning,style,performance,portability \
  --library=posix --library=gnu --library=tests/lint/macros.cfg \
  --suppressions-list=tests/lint/suppressions.txt
TIDY := xargs -P2 -I{} clang-tidy --quiet {} -- -std=c11 -fno-caret-diagnostics
lint:
	@$(DEPS) check lint
	@cppcheck $(CPPCHECK) $(DEFINES) core tui
	@printf '%s\n' $(call sources,core tui) | $(TIDY) $(DEFINES)

# What either finds in a program, or in any process it starts, is a failed test. Those without
# threads, those that only kill processes, and the storm, which it is too slow for, are not run
# under ThreadSanitizer.
TSAN_PROGRAMS = $(filter-out $(call programs,core/model) $(call programs,core/rules) \
  $(addprefix $(BUILD)/tests/torture/test_,kill steps storm),$(PROGRAMS))
CORE_PROGRAMS = $(foreach m,$(MODULES),$(call programs,core/$(m)))
tsan:
	@$(DEPS) check sanitize
	@$(MAKE) --no-print-directory -j2 BUILD=build-tsan SANITIZE=thread OPT='-O1 -g' all test-programs
	@STEPS=$${STEPS:-10000} OPIK_ALERTS=$(abspath build-tsan)/opik-alerts \
	  RUNNER='sh tests/watched.sh tsan' \
	  sh tests/run.sh $(patsubst $(BUILD)/%,build-tsan/%,$(TSAN_PROGRAMS))

valgrind:
	@$(DEPS) check sanitize
	@$(MAKE) --no-print-directory -j2 $(CORE_PROGRAMS)
	@RUNNER='sh tests/watched.sh valgrind' sh tests/run.sh $(CORE_PROGRAMS)

# The builder's own settings have no say in what is written.
.PHONY: install uninstall
install: all
	install -Dm755 $(BUILD)/opik-alerts $(DESTDIR)$(PREFIX)/bin/opik-alerts
	install -Dm644 -t $(EXAMPLES) assets/examples/*
	install -d $(SHARE)/man/man1 $(SHARE)/bash-completion/completions \
	  $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d \
	  $(DESTDIR)$(UNITDIR) $(DESTDIR)$(USERDIR)
	set -e; umask 022; tell() { env -i HOME=/nonexistent $(BUILD)/opik-alerts "$$@"; }; \
	tell man > $(SHARE)/man/man1/opik-alerts.1; \
	tell completion bash > $(SHARE)/bash-completion/completions/opik-alerts; \
	tell completion zsh > $(SHARE)/zsh/site-functions/_opik-alerts; \
	tell completion fish > $(SHARE)/fish/vendor_completions.d/opik-alerts.fish; \
	sed 's|@PREFIX@|$(PREFIX)|' assets/systemd/opik-alerts.service \
	  > $(DESTDIR)$(UNITDIR)/opik-alerts.service; \
	cp assets/systemd/opik-alerts.sysusers $(DESTDIR)$(USERDIR)/opik-alerts.conf

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/opik-alerts $(SHARE)/man/man1/opik-alerts.1 \
	  $(SHARE)/bash-completion/completions/opik-alerts $(SHARE)/zsh/site-functions/_opik-alerts \
	  $(SHARE)/fish/vendor_completions.d/opik-alerts.fish \
	  $(DESTDIR)$(UNITDIR)/opik-alerts.service $(DESTDIR)$(USERDIR)/opik-alerts.conf
	rm -rf $(EXAMPLES)
	rmdir $(dir $(EXAMPLES)) 2>/dev/null || true

clean:
	rm -rf $(BUILD)
