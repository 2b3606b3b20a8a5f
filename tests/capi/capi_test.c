/* rel.h used as a host would: compiled as C99 and as C++, against librel.so. Exits 0 when every
 * check holds; a check that fails names its place and the program goes on. */
#include <rel/rel.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/capi/small_plan.h"

static int failures = 0;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      ++failures;                                                             \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                         \
  } while (0)

#define SECOND INT64_C(1000000000)
#define OWN_PID 1 /* a process that always exists */

static rel_str text(const char *terminated) {
  rel_str str;
  str.ptr = terminated;
  str.len = strlen(terminated);
  return str;
}

static int equals(rel_str str, const char *terminated) {
  return str.len == strlen(terminated) && memcmp(str.ptr, terminated, str.len) == 0;
}

static rel_error new_error(void) {
  rel_error error;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  return error;
}

static rel_plan *load_small_plan(void) {
  rel_plan *plan = NULL;
  rel_error error = new_error();
  rel_str bytes;
  bytes.ptr = small_plan(&bytes.len);
  CHECK(rel_plan_load(bytes, &plan, &error) == REL_OK);
  if (plan == NULL) {
    fprintf(stderr, "%s\n", error.message);
    exit(1);
  }
  return plan;
}

/* -- an engine in memory of its own */

typedef struct host {
  rel_plan *plan;
  void *memory;
  rel_engine *engine;
  rel_worker *worker;
  int64_t now_ns;
} host;

static void *aligned_memory(void *raw) {
  return (void *)(((uintptr_t)raw + 63) / 64 * 64);
}

static rel_engine_options options_for(const rel_plan *plan, void *raw) {
  rel_engine_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.plan = plan;
  options.memory = aligned_memory(raw);
  options.memory_size = rel_engine_memory_size(plan);
  return options;
}

static host open_host(void) {
  host h;
  rel_error error = new_error();
  rel_engine_options options;
  memset(&h, 0, sizeof h);
  h.plan = load_small_plan();
  h.memory = calloc(1, rel_engine_memory_size(h.plan) + 64);
  h.now_ns = 1000 * SECOND;
  options = options_for(h.plan, h.memory);
  CHECK(rel_engine_open(&options, &h.engine, &error) == REL_OK);
  CHECK(rel_worker_open(h.engine, OWN_PID, &h.worker, &error) == REL_OK);
  if (h.engine == NULL || h.worker == NULL) {
    fprintf(stderr, "%s\n", error.message);
    exit(1);
  }
  return h;
}

static void close_host(host *h) {
  rel_worker_close(h->worker);
  rel_engine_close(h->engine);
  rel_plan_free(h->plan);
  free(h->memory);
}

static rel_decision route(const host *h, const char *key) {
  rel_context context;
  rel_decision decision;
  memset(&context, 0, sizeof context);
  memset(&decision, 0, sizeof decision);
  context.struct_size = sizeof context;
  context.key = text(key);
  context.now_ns = h->now_ns;
  decision.struct_size = sizeof decision;
  rel_route(h->worker, &context, &decision);
  return decision;
}

static rel_observation answer(const host *h, uint32_t variant, int32_t status) {
  rel_observation observation;
  memset(&observation, 0, sizeof observation);
  observation.struct_size = sizeof observation;
  observation.lane = REL_LIVE;
  observation.variant = variant;
  observation.status = status;
  observation.duration_seconds = status == 0 ? -1.0 : 0.05;
  observation.time_ns = h->now_ns;
  return observation;
}

/* A tenth of a second in which the candidate answers 20 requests with `status`. */
static rel_tick_result live(host *h, int32_t status) {
  rel_tick_result result;
  int i;
  for (i = 0; i < 20; ++i) {
    const rel_observation observation = answer(h, REL_CANDIDATE, status);
    rel_observe(h->worker, &observation);
  }
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  h->now_ns += SECOND / 10;
  CHECK(rel_tick(h->engine, OWN_PID, h->now_ns, &result) == REL_OK);
  return result;
}

/* -- tests */

static void test_bad_arguments(void) {
  rel_plan *plan = NULL;
  rel_engine *engine = NULL;
  rel_worker *worker = NULL;
  rel_error error = new_error();
  rel_error small = new_error();
  rel_str none = {NULL, 0};

  CHECK(rel_abi_version() == (REL_ABI_MAJOR << 16 | REL_ABI_MINOR));
  CHECK(rel_plan_load(none, &plan, &error) == REL_INVALID_ARGUMENT);
  CHECK(error.status == REL_INVALID_ARGUMENT && error.message[0] != '\0');
  CHECK(rel_plan_load(text("x"), NULL, NULL) == REL_INVALID_ARGUMENT);
  small.struct_size = 8; /* a host that knows less of the struct: nothing is written past it */
  CHECK(rel_plan_load(none, &plan, &small) == REL_INVALID_ARGUMENT && small.message[0] == '\0');
  CHECK(rel_engine_open(NULL, &engine, &error) == REL_INVALID_ARGUMENT);
  CHECK(rel_worker_open(NULL, OWN_PID, &worker, &error) == REL_INVALID_ARGUMENT);
  CHECK(rel_tick(NULL, OWN_PID, 0, NULL) == REL_INVALID_ARGUMENT);
  CHECK(plan == NULL && engine == NULL && worker == NULL);
  CHECK(rel_engine_memory_size(NULL) == 0);
  CHECK(rel_plan_metric_count(NULL) == 0 && rel_plan_segment_count(NULL) == 0);
  rel_plan_free(NULL);
  rel_engine_close(NULL);
  rel_worker_close(NULL);
  rel_observe(NULL, NULL);
  rel_source_failing(NULL, 1);
}

static void test_bad_plans(void) {
  size_t size;
  const char *good = small_plan(&size);
  size_t cut;
  rel_plan *plan = NULL;
  rel_error error = new_error();
  char *bytes = (char *)malloc(size);
  CHECK(rel_plan_load(text("not a plan"), &plan, &error) == REL_INVALID_PLAN);
  CHECK(strlen(error.message) > 10);
  for (cut = 0; cut < size; cut += 37) {
    rel_str part;
    part.ptr = good;
    part.len = cut;
    CHECK(rel_plan_load(part, &plan, &error) == REL_INVALID_PLAN);
  }
  for (cut = 0; cut < size; cut += 41) {
    rel_str part;
    memcpy(bytes, good, size);
    bytes[cut] ^= 0x20;
    part.ptr = bytes;
    part.len = size;
    CHECK(rel_plan_load(part, &plan, &error) == REL_INVALID_PLAN);
  }
  CHECK(plan == NULL);
  free(bytes);
}

static void test_plan(void) {
  rel_plan *plan = load_small_plan();
  rel_metric_info info;
  memset(&info, 0, sizeof info);
  CHECK(equals(rel_plan_release(plan), "small"));
  CHECK(rel_plan_observes_only(plan) == 0);
  CHECK(rel_plan_observes_only(NULL) == 0);
  CHECK(rel_plan_hash(plan) != 0);
  CHECK(rel_plan_metric_count(plan) == 2);
  CHECK(rel_plan_metric(plan, 0, &info) == REL_INVALID_ARGUMENT); /* struct_size is 0 */
  info.struct_size = sizeof info;
  CHECK(rel_plan_metric(plan, 0, &info) == REL_OK);
  CHECK(equals(info.name, "latency") && info.kind == REL_DURATION);
  CHECK(info.source == REL_SOURCE_REQUEST_DURATION);
  CHECK(rel_plan_metric(plan, 1, &info) == REL_OK);
  CHECK(equals(info.name, "failed") && info.source == REL_SOURCE_RESPONSE_STATUS);
  CHECK(rel_plan_metric(plan, 2, &info) == REL_INVALID_ARGUMENT);
  CHECK(rel_plan_segment_count(plan) == 1);
  CHECK(equals(rel_plan_segment_name(plan, 0), "region"));
  CHECK(rel_plan_segment_value(plan, 0, text("us")) == 1);
  CHECK(rel_plan_segment_value(plan, 0, text("mars")) == 2); /* other */
  CHECK(rel_plan_segment_name(plan, 1).len == 0);
  CHECK(rel_plan_stage_count(plan) == 2);
  CHECK(equals(rel_plan_stage_name(plan, 0), "canary"));
  CHECK(rel_plan_stage_name(plan, 2).len == 0);
  rel_plan_free(plan);
}

static void test_bad_memory(void) {
  rel_plan *plan = load_small_plan();
  void *raw = calloc(1, rel_engine_memory_size(plan) + 64);
  rel_engine *engine = NULL;
  rel_error error = new_error();
  rel_engine_options options = options_for(plan, raw);
  options.memory_size -= 1;
  CHECK(rel_engine_open(&options, &engine, &error) == REL_INVALID_STATE);
  options = options_for(plan, raw);
  options.memory = (char *)options.memory + 8;
  CHECK(rel_engine_open(&options, &engine, &error) == REL_INVALID_STATE);
  options = options_for(plan, raw);
  memset(options.memory, 0x5a, 64);
  CHECK(rel_engine_open(&options, &engine, &error) == REL_INVALID_STATE);
  CHECK(strstr(error.message, "not a state of relc") != NULL);
  options = options_for(plan, raw);
  options.struct_size = 4;
  CHECK(rel_engine_open(&options, &engine, &error) == REL_INVALID_ARGUMENT);
  CHECK(engine == NULL);
  free(raw);
  rel_plan_free(plan);
}

static void test_workers_run_out(void) {
  enum { more_than_there_are = 100 };
  host h = open_host();
  rel_worker *workers[more_than_there_are];
  rel_error error = new_error();
  int count = 0;
  while (count < more_than_there_are &&
         rel_worker_open(h.engine, OWN_PID, &workers[count], &error) == REL_OK) {
    ++count;
  }
  CHECK(count == 63); /* one is the host's */
  CHECK(error.status == REL_EXHAUSTED && strstr(error.message, "64") != NULL);
  while (count > 0) rel_worker_close(workers[--count]);
  CHECK(rel_worker_open(h.engine, OWN_PID, &workers[0], &error) == REL_OK);
  rel_worker_close(workers[0]);
  close_host(&h);
}

static void test_route_is_always_usable(void) {
  host h = open_host();
  rel_decision decision;
  rel_context context;
  memset(&context, 0, sizeof context);
  context.struct_size = sizeof context;

  decision = route(&h, "user-1");
  CHECK(decision.variant == REL_BASELINE && decision.reason == REL_REASON_DEFAULT);
  CHECK(equals(decision.variant_name, "baseline") && decision.stage == UINT32_MAX);
  decision = route(&h, "");
  CHECK(decision.variant == REL_BASELINE && decision.reason == REL_REASON_ERROR);

  memset(&decision, 0xff, sizeof decision);
  decision.struct_size = sizeof decision;
  rel_route(NULL, &context, &decision);
  CHECK(decision.variant == REL_BASELINE && decision.reason == REL_REASON_ERROR);
  CHECK(equals(decision.variant_name, "baseline"));
  context.struct_size = 0;
  rel_route(h.worker, &context, &decision);
  CHECK(decision.variant == REL_BASELINE && decision.reason == REL_REASON_ERROR);
  rel_route(h.worker, &context, NULL);
  close_host(&h);
}

static void test_unjournaled_release_goes_up_and_back(void) {
  host h = open_host();
  rel_tick_result result;
  int ticks = 0;
  int candidates = 0;
  int i;
  rel_engine_run_unjournaled(h.engine);
  do {
    result = live(&h, 200);
    CHECK(result.evaluated == 1);
  } while (result.share < 500000 && ++ticks < 100);
  CHECK(result.share == 500000);

  for (i = 0; i < 1000; ++i) {
    char key[32];
    rel_decision decision;
    snprintf(key, sizeof key, "user-%d", i);
    decision = route(&h, key);
    CHECK(decision.reason == REL_REASON_SPLIT && decision.stage == 0);
    CHECK((decision.variant == REL_CANDIDATE) == (decision.bucket < decision.share));
    CHECK(equals(decision.variant_name,
                 decision.variant == REL_CANDIDATE ? "candidate" : "baseline"));
    candidates += decision.variant == REL_CANDIDATE;
  }
  CHECK(candidates > 420 && candidates < 580); /* five standard deviations of 1000 at one half */

  /* Refused and timed-out tries have no status, and count as failed. */
  for (ticks = 0; result.share > 0 && ticks < 100; ++ticks) result = live(&h, 0);
  CHECK(result.share == 0 && ticks > 1);
  CHECK(route(&h, "user-1").reason == REL_REASON_DEFAULT);
  CHECK(route(&h, "user-1").epoch == 1);
  close_host(&h);
}

static void test_nothing_is_raised_without_permission(void) {
  host h = open_host();
  int i;
  for (i = 0; i < 100; ++i) CHECK(live(&h, 200).share == 0);
  close_host(&h);
}

static void test_odd_observations_are_harmless(void) {
  host h = open_host();
  rel_observation observation = answer(&h, REL_CANDIDATE, 200);
  rel_metric_value values[3];
  uint8_t segments[1] = {250};
  volatile double zero = 0;
  memset(values, 0, sizeof values);
  values[0].metric = 0;
  values[0].value = zero / zero;
  values[1].metric = 1000000;
  values[2].metric = 1;
  values[2].value = 17;
  observation.values = values;
  observation.value_count = 3;
  observation.segments = segments;
  observation.segment_count = 1;
  rel_observe(h.worker, &observation);
  observation.segment_count = 1000; /* more than the plan has: the rest is not read */
  rel_observe(h.worker, &observation);
  observation.values = NULL;
  rel_observe(h.worker, &observation);
  observation.struct_size = 0;
  rel_observe(h.worker, &observation);
  CHECK(live(&h, 200).evaluated == 1);
  close_host(&h);
}

static void test_routing_of_a_plan_without_routes(void) {
  host h = open_host();
  rel_error error = new_error();
  rel_request_slot slot;
  rel_engine *none[1] = {NULL};
  rel_context context;
  rel_decision decision;
  rel_observation observation = answer(&h, REL_CANDIDATE, 200);
  memset(&slot, 0, sizeof slot);
  slot.struct_size = sizeof slot;
  CHECK(rel_plan_slot_count(h.plan) == 0 && rel_plan_slot_count(NULL) == 0);
  CHECK(rel_plan_slot(h.plan, 0, &slot) == REL_INVALID_ARGUMENT);
  CHECK(rel_plan_target(h.plan, NULL, 0) == REL_TARGET_NONE);
  CHECK(rel_plan_sticky_by(h.plan).len == 0 && rel_plan_set(h.plan).len == 0);
  CHECK(rel_plan_set_member_count(h.plan) == 0 && rel_plan_set_member(h.plan, 0).len == 0);
  CHECK(rel_plan_digest(h.plan, REL_CANDIDATE).len > 0);
  CHECK(rel_plan_digest(NULL, REL_CANDIDATE).len == 0 && rel_plan_model(NULL).len == 0);
  CHECK(rel_engine_join_set(h.engine, NULL, 0, &error) == REL_INVALID_ARGUMENT);
  CHECK(rel_engine_join_set(h.engine, none, 1, &error) == REL_INVALID_ARGUMENT);

  /* A host that knows less of the structs is served as before; one that forces a request is told
   * that it is no evidence, and gets the baseline while nobody has the candidate. */
  memset(&context, 0, sizeof context);
  memset(&decision, 0, sizeof decision);
  context.struct_size = offsetof(rel_context, segments);
  context.key = text("user");
  context.target = REL_TARGET_CANDIDATE;
  decision.struct_size = sizeof decision;
  rel_route(h.worker, &context, &decision);
  CHECK(decision.variant == REL_BASELINE && decision.reason == REL_REASON_DEFAULT);
  CHECK(decision.population == REL_FORCED);
  observation.struct_size = offsetof(rel_observation, population);
  rel_observe(h.worker, &observation);
  close_host(&h);
}

int main(void) {
  test_bad_arguments();
  test_bad_plans();
  test_plan();
  test_bad_memory();
  test_workers_run_out();
  test_route_is_always_usable();
  test_unjournaled_release_goes_up_and_back();
  test_nothing_is_raised_without_permission();
  test_odd_observations_are_harmless();
  test_routing_of_a_plan_without_routes();
  if (failures != 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures == 0 ? 0 : 1;
}
