/* rel.h: Relc's runtime for a serving gateway. The only installed header; C99 and C++.
 *
 * Every struct begins with `struct_size`: set it to sizeof the struct you compiled against, so that
 * fields can be added. Strings are borrowed {ptr,len} pairs, valid for the call unless said
 * otherwise. Errors are written to a caller-owned rel_error. Nothing throws or longjmps across, no
 * thread is started, no signal or locale is touched.
 *
 * Shares are millionths. bucket = (XXH64(key, salt) & (2^63-1)) mod 1000000; the candidate answers
 * when bucket < share. Times are int64 nanoseconds since the Unix epoch unless a name says else. */
#ifndef REL_REL_H
#define REL_REL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define REL_API __attribute__((visibility("default")))
#else
#define REL_API
#endif

#define REL_ABI_MAJOR 0
#define REL_ABI_MINOR 2

/* major << 16 | minor of the library that answers. */
REL_API uint32_t rel_abi_version(void);

typedef struct rel_str {
  const char *ptr;
  size_t len;
} rel_str;

typedef enum rel_status {
  REL_OK = 0,
  REL_INVALID_ARGUMENT = 1, /* a null pointer, a struct_size that is too small, a bad range */
  REL_INVALID_PLAN = 2,     /* bytes that are not a verified plan of this format version */
  REL_INVALID_STATE = 3,    /* shared memory of another plan, layout or too small */
  REL_EXHAUSTED = 4,        /* no free shard, out of memory */
  REL_WORLD_FAILED = 5      /* a file, library or other process */
} rel_status;

typedef struct rel_error {
  uint32_t struct_size;
  uint32_t status;    /* rel_status */
  char message[2048]; /* terminated; what, where and the remedy */
} rel_error;

/* ---- plan -------------------------------------------------------------------------------- */

typedef struct rel_plan rel_plan;

/* Verifies and copies `bytes`. The plan is immutable; free it after every engine that uses it. */
REL_API rel_status rel_plan_load(rel_str bytes, rel_plan **out, rel_error *error);
REL_API void rel_plan_free(rel_plan *plan);
REL_API uint64_t rel_plan_hash(const rel_plan *plan);
REL_API rel_str rel_plan_release(const rel_plan *plan); /* borrowed from the plan */
/* 1: `observe only`. rel_route always gives the baseline; the host says in its observations which
 * arm somebody else has chosen. */
REL_API uint32_t rel_plan_observes_only(const rel_plan *plan);

typedef enum rel_metric_source {
  REL_SOURCE_EVENT_FIELD = 0,
  REL_SOURCE_REQUEST_DURATION = 1,
  REL_SOURCE_RESPONSE_STATUS = 2,
  REL_SOURCE_RESPONSE_HEADER = 3,
  REL_SOURCE_RESPONSE_DIGEST = 4, /* true unless `header` is rel_plan_digest of the arm */
  REL_SOURCE_NO_ANSWER = 5        /* filled in from a status of 0 */
} rel_metric_source;

/* A category is carried by any value; each of its values that the plan counts is a flag with a
 * `match`. */
typedef enum rel_metric_kind {
  REL_FLAG = 0,
  REL_DURATION = 1,
  REL_VALUE = 2,
  REL_CATEGORY = 3
} rel_metric_kind;

typedef struct rel_metric_info {
  uint32_t struct_size;
  uint32_t kind;   /* rel_metric_kind */
  uint32_t source; /* rel_metric_source */
  rel_str name;    /* borrowed from the plan */
  rel_str header;  /* response header, when the source is one */
  rel_str match;   /* a flag that is true when its source has this text; empty: no such flag */
} rel_metric_info;

/* Metrics and segments are addressed by index, so that nothing is looked up by name per request. */
REL_API uint32_t rel_plan_metric_count(const rel_plan *plan);
REL_API rel_status rel_plan_metric(const rel_plan *plan, uint32_t index, rel_metric_info *out);
REL_API uint32_t rel_plan_segment_count(const rel_plan *plan);
REL_API rel_str rel_plan_segment_name(const rel_plan *plan, uint32_t index);
/* Index of a value within a segment's set; the set's size for a value outside it (`other`). */
REL_API uint32_t rel_plan_segment_value(const rel_plan *plan, uint32_t segment, rel_str value);
/* The digest an arm is pinned to, as its answers must carry it. */
REL_API rel_str rel_plan_digest(const rel_plan *plan, uint32_t variant);

/* Headers and cookies that forced routes and the audience read: resolve each once, then hand their
 * values over in this order. */
typedef enum rel_request_part { REL_PART_HEADER = 0, REL_PART_COOKIE = 1 } rel_request_part;
typedef struct rel_request_slot {
  uint32_t struct_size;
  uint32_t part; /* rel_request_part */
  rel_str name;  /* borrowed from the plan */
} rel_request_slot;
REL_API uint32_t rel_plan_slot_count(const rel_plan *plan);
REL_API rel_status rel_plan_slot(const rel_plan *plan, uint32_t index, rel_request_slot *out);

/* Where a request goes whatever its key. */
typedef enum rel_target {
  REL_TARGET_NONE = 0, /* its key decides */
  REL_TARGET_CANDIDATE = 1,
  REL_TARGET_BASELINE = 2,
  REL_TARGET_OUTSIDE = 3 /* not in the audience */
} rel_target;
/* `values` by slot; a null ptr: the request does not have that part. For rel_context.target. */
REL_API uint32_t rel_plan_target(const rel_plan *plan, const rel_str *values, uint32_t count);
/* What the policy calls the key that decides; empty: it does not say. */
REL_API rel_str rel_plan_sticky_by(const rel_plan *plan);
REL_API rel_str rel_plan_model(const rel_plan *plan);
/* The release set and its other members, by the names of their releases; empty and 0: none. */
REL_API rel_str rel_plan_set(const rel_plan *plan);
REL_API uint32_t rel_plan_set_member_count(const rel_plan *plan);
REL_API rel_str rel_plan_set_member(const rel_plan *plan, uint32_t index);

/* Names of stages, by the index that a decision carries; empty for an index outside the plan. */
REL_API uint32_t rel_plan_stage_count(const rel_plan *plan);
REL_API rel_str rel_plan_stage_name(const rel_plan *plan, uint32_t index);

/* ---- engine ------------------------------------------------------------------------------ */

typedef struct rel_engine rel_engine;
typedef struct rel_worker rel_worker;

/* Compiled predicates, one a predicate of the plan, as made by librel_codegen; NULL: interpret. */
typedef uint8_t (*rel_predicate_fn)(const double *values, const uint8_t *causes,
                                    const uint8_t *sustained);

typedef struct rel_engine_options {
  uint32_t struct_size;
  uint32_t reserved;
  const rel_plan *plan;
  void *memory; /* shared by every process of the gateway; zeroed: fresh; 64-byte aligned */
  size_t memory_size;
  const rel_predicate_fn *predicates; /* may be NULL */
  size_t predicate_count;
} rel_engine_options;

REL_API size_t rel_engine_memory_size(const rel_plan *plan);
REL_API rel_status rel_engine_open(const rel_engine_options *options, rel_engine **out,
                                   rel_error *error);
REL_API void rel_engine_close(rel_engine *engine);

/* Joins the engines of a release set, in the order of rel_plan_set_member; NULL: a member that
 * could not be opened, without which nothing is raised. They must live as long as `engine`. From
 * then on the members go on together, and one that goes back takes the others with it, by shared
 * memory. */
REL_API rel_status rel_engine_join_set(rel_engine *engine, rel_engine *const *members,
                                       uint32_t count, rel_error *error);

/* One worker a thread or process that routes and observes. `pid` lets a dead worker's counters be
 * taken over. After this call route and observe take no lock and allocate nothing. */
REL_API rel_status rel_worker_open(rel_engine *engine, int32_t pid, rel_worker **out,
                                   rel_error *error);
REL_API void rel_worker_close(rel_worker *worker);

/* ---- data plane -------------------------------------------------------------------------- */

typedef enum rel_variant { REL_BASELINE = 0, REL_CANDIDATE = 1 } rel_variant;

/* OpenFeature reasons. */
typedef enum rel_reason {
  REL_REASON_SPLIT = 0,
  REL_REASON_TARGETING_MATCH = 1,
  REL_REASON_STATIC = 2,  /* one variant has everything */
  REL_REASON_DEFAULT = 3, /* not started, or gone back */
  REL_REASON_STALE = 4,   /* the control plane is silent; last published route */
  REL_REASON_ERROR = 5    /* no key, or a bad argument: the baseline */
} rel_reason;

typedef struct rel_context {
  uint32_t struct_size;
  uint32_t target; /* rel_target */
  rel_str key;     /* what stickiness hashes: a user or request id */
  int64_t now_ns;  /* host clock; only compared with the control plane's heartbeat */
  const uint8_t *segments; /* value index of each segment, for waves; NULL: all `other` */
  uint32_t segment_count;
  uint32_t reserved;
} rel_context;

/* Whether a request may be compared with others. */
typedef enum rel_population {
  REL_ENROLLED = 0,
  REL_FORCED = 1, /* sent by a forced route: not randomised */
  REL_OUTSIDE = 2 /* not in the audience, or not yet in a wave */
} rel_population;

typedef struct rel_decision {
  uint32_t struct_size;
  uint32_t variant; /* rel_variant */
  uint32_t reason;  /* rel_reason */
  uint32_t mirror;  /* 1: also send a copy to the candidate, in the shadow lane */
  uint32_t share;   /* candidate share in millionths at the decision */
  uint32_t bucket;
  uint32_t stage; /* index in the plan; UINT32_MAX: none */
  uint32_t population; /* rel_population: hand it on to rel_observe */
  uint64_t epoch;
  rel_str variant_name; /* "baseline" or "candidate"; static */
} rel_decision;

/* Never fails, blocks, throws or allocates; always leaves a usable variant in `out`. */
REL_API void rel_route(const rel_worker *worker, const rel_context *context, rel_decision *out);

typedef enum rel_lane { REL_LIVE = 0, REL_SHADOW = 1 } rel_lane;

typedef struct rel_metric_value {
  uint32_t metric; /* index in the plan */
  uint32_t reserved;
  double value; /* base unit; flags are 0 or 1; not finite: rejected and counted */
} rel_metric_value;

typedef struct rel_observation {
  uint32_t struct_size;
  uint32_t lane;    /* rel_lane; a shadow is always the candidate's */
  uint32_t variant; /* rel_variant: the arm first tried */
  int32_t status;   /* 0: no response (refused, reset, timed out): metrics from status are true */
  double duration_seconds; /* own monotonic clock; negative: none was measured */
  int64_t time_ns;
  const uint8_t *segments; /* value index of each segment of the plan; NULL: all `other` */
  uint32_t segment_count;
  uint32_t value_count;
  const rel_metric_value *values; /* metrics read from response headers or by the host */
  uint32_t population; /* rel_population; any but REL_ENROLLED is counted as left out, no more */
  uint32_t reserved;
} rel_observation;

/* Wait-free. Metrics whose source is the status or the duration are filled in from those fields. */
REL_API void rel_observe(rel_worker *worker, const rel_observation *observation);

/* ---- control plane ----------------------------------------------------------------------- */

typedef struct rel_tick_result {
  uint32_t struct_size;
  uint32_t evaluated;     /* 0: another process is the evaluator */
  uint32_t route_changed; /* 1: this tick published another route */
  uint32_t share;         /* published candidate share, millionths */
} rel_tick_result;

/* The host's timer calls it in every process, every 100 ms; one of them is elected to evaluate.
 * Does no disk or network, never waits. `pid` is the caller's. */
REL_API rel_status rel_tick(rel_engine *engine, int32_t pid, int64_t now_ns, rel_tick_result *out);

/* While a source of the host fails, every verdict that needs it is a source error. */
REL_API void rel_source_failing(rel_engine *engine, uint32_t failing);

/* Begins the release and grants every increase by itself, without a journal: for hosts that keep
 * no state (tests, embedded trials). A gateway with a sidecar never calls it. */
REL_API void rel_engine_run_unjournaled(rel_engine *engine);

#ifdef __cplusplus
}
#endif

#endif
