// Every limit of the runtime and of a plan, in one place. A policy that exceeds one is refused by
// the compiler with a diagnostic that names the limit; a plan that exceeds one is refused on load.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rel::limits {

// -- text, counted by a scan before the parser
inline constexpr size_t source_bytes_max = 1u << 20;
inline constexpr size_t source_tokens_max = 256u * 1024;
inline constexpr size_t nesting_max = 200;
inline constexpr size_t identifier_bytes_max = 128;
inline constexpr size_t import_depth_max = 16;
inline constexpr size_t syntax_errors_max = 256;

// -- plan
inline constexpr size_t metrics_max = 32;
inline constexpr size_t segments_max = 8;
inline constexpr size_t segment_values_max = 32;
inline constexpr size_t products_max = 8;        // crosses of segments
inline constexpr size_t product_cells_max = 256;  // of one cross
inline constexpr size_t aggregates_max = 256;
inline constexpr size_t windows_max = 16;
inline constexpr size_t trackers_max = 64;
inline constexpr size_t frame_values_max = 8192;
inline constexpr size_t nodes_max = 16384;
inline constexpr size_t nodes_per_predicate_max = 2048;
inline constexpr size_t predicates_max = 512;
inline constexpr size_t sustains_max = 256;
inline constexpr uint32_t checks_max = 64;  // that one condition looks back on
inline constexpr uint32_t failures_max = 1000;
inline constexpr size_t unknown_overrides_max = 256;
inline constexpr size_t evidence_files_max = 64;
inline constexpr size_t evidence_bytes_max = 1u << 20;  // of one evidence file
inline constexpr size_t triggers_max = 256;
inline constexpr size_t stages_max = 32;
inline constexpr size_t steps_max = 128;
inline constexpr size_t actions_max = 32;
inline constexpr size_t tests_max = 64;
inline constexpr size_t test_cells_max = 512;  // of all tests together
inline constexpr size_t cells_per_test_max = 64;
inline constexpr size_t increase_windows_max = 64;
inline constexpr size_t zones_max = 8;
inline constexpr size_t zone_changes_max = 4096;
inline constexpr size_t action_arguments_max = 64;
inline constexpr size_t needs_max = 32;
inline constexpr size_t report_template_bytes_max = 64u * 1024;
inline constexpr size_t request_slots_max = 16;  // headers and cookies that routes read
inline constexpr size_t request_terms_max = 64;
inline constexpr size_t forced_routes_max = 16;
inline constexpr size_t set_members_max = 8;     // besides the release itself
inline constexpr size_t gates_max = 64;  // a bit each
inline constexpr size_t plan_bytes_max = 8u << 20;
inline constexpr int64_t duration_ns_max = int64_t{30} * 24 * 3600 * 1'000'000'000;
inline constexpr int64_t duration_ns_min = 1'000'000;

// -- windows: a window keeps at most this many slots of whole panes
inline constexpr size_t window_slots_max = 120;
inline constexpr uint32_t window_requests_max = 1'000'000;
inline constexpr size_t shared_bytes_max = 512u << 20;

// -- processes on one mapping
inline constexpr size_t shards_max = 64;
inline constexpr size_t decision_ring = 256;
inline constexpr size_t evidence_max = 8;
inline constexpr size_t tick_ring_bytes = 1u << 20;  // recorded ticks on their way to the disk

// -- event lines
inline constexpr size_t event_bytes_max = 64u * 1024;
inline constexpr size_t event_id_bytes_max = 256;
inline constexpr int64_t dedup_horizon_ns = int64_t{10} * 60 * 1'000'000'000;
inline constexpr size_t dedup_ids_max = 1u << 20;  // remembered at most

// -- joins (runtime/joins)
inline constexpr size_t label_entries_max = 1u << 23;  // requests that wait for labels
inline constexpr size_t joined_users_max = 1u << 20;   // users, and sessions, that are followed
inline constexpr size_t pairs_pending_max = 1u << 16;
inline constexpr int64_t pair_timeout_ns = 5'000'000'000;  // of a shadow, after its live answer
inline constexpr size_t disagreements_kept = 100;
inline constexpr size_t category_texts_max = 4096;
inline constexpr uint64_t join_log_file_bytes = 32u << 20;
inline constexpr uint64_t join_log_bytes_max = uint64_t{4} << 30;  // of a release, on disk
inline constexpr size_t join_log_waiting_bytes_max = 64u << 20;    // on their way to it

// -- host
inline constexpr size_t action_output_bytes_max = 4096;
inline constexpr size_t http_body_bytes_max = 256u * 1024;  // kept of an answer
inline constexpr size_t secret_bytes_max = 4096;
// A probe of the way back counts for so long; one that failed is repeated after the second.
inline constexpr int64_t rehearsal_fresh_ns = 60'000'000'000;
inline constexpr int64_t rehearsal_retry_ns = 10'000'000'000;
// A failed step of the way back is tried again after 1 s, 2 s, 4 s ... a minute, to its deadline.
inline constexpr int64_t retry_first_ns = 1'000'000'000;
inline constexpr int64_t retry_longest_ns = 60'000'000'000;
// A hook that has failed and holds the release is tried again after so long, for ever.
inline constexpr int64_t hook_retry_ns = 300'000'000'000;
// A point that is asked over HTTP is asked so often, and before a raise when its answer is older.
inline constexpr int64_t probe_interval_ns = 30'000'000'000;
inline constexpr int64_t probe_fresh_ns = 10'000'000'000;
inline constexpr size_t rules_bytes_max = 8u << 20;  // of what a Prometheus says of its rules
inline constexpr size_t control_frame_bytes_max = 1u << 20;
inline constexpr size_t control_connections_max = 64;
inline constexpr int64_t control_read_deadline_ns = 5'000'000'000;
inline constexpr size_t card_bytes_max = 1u << 20;    // a model card
inline constexpr uint64_t tick_log_bytes_max = 64u << 20;  // of a release, on disk
inline constexpr size_t hands_open_max = 64;        // orders without an outcome
inline constexpr size_t hand_key_bytes_max = 128;
inline constexpr size_t hand_why_bytes_max = 2048;
inline constexpr size_t history_rows_max = 500;  // in one answer; ask again for the rest

// -- samples of a release, for plots
inline constexpr size_t series_points_max = 600;
inline constexpr size_t series_points_min = 60;
inline constexpr size_t series_bytes_max = 8u << 20;  // of one release, as long as they are not few
inline constexpr size_t plots_max = 12;               // of one kind in one report

}  // namespace rel::limits
