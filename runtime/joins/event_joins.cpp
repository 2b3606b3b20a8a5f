#include "runtime/joins/event_joins.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace rel {
namespace {

constexpr uint32_t bit_of(size_t row) { return uint32_t{1} << row; }

// Rows that a tracker counts: nothing is joined that nobody asks for.
uint32_t counted_metrics(const Plan& plan) {
  uint32_t rows = 0;
  for (const Tracker& tracker : plan.trackers) {
    if (!tracker.metric.is_none()) rows |= bit_of(tracker.metric.value);
  }
  return rows;
}

bool is_joined(const Metric& metric) {
  return metric.per != SampleUnit::request || metric.once != OncePer::sample;
}

std::optional<PairMeasure> measure_of(MetricSource source) {
  switch (source) {
    case MetricSource::pair_agreement: return PairMeasure::agreement;
    case MetricSource::pair_difference: return PairMeasure::difference;
    case MetricSource::pair_loss: return PairMeasure::loss;
    case MetricSource::pair_unanswered: return PairMeasure::unanswered;
    case MetricSource::event_field:
    case MetricSource::request_duration:
    case MetricSource::response_status:
    case MetricSource::response_header:
    case MetricSource::response_digest:
    case MetricSource::no_answer: return std::nullopt;
  }
  return std::nullopt;
}

// What a flag is when it failed.
double failure_of(const Metric& metric) {
  return metric.direction == Direction::higher_is_better ? 0 : 1;
}

uint32_t failure_metrics(const Plan& plan) {
  uint32_t rows = 0;
  for (size_t row = 0; row < plan.metrics.size(); ++row) {
    const Metric& metric = plan.metrics[row];
    const bool failure = metric.source == MetricSource::response_status ||
                         metric.source == MetricSource::no_answer;
    if (failure && metric.once == OncePer::sample) rows |= bit_of(row);
  }
  return rows;
}

bool copies_everything(const Plan& plan) {
  return std::all_of(plan.stages.begin(), plan.stages.end(), [](const Stage& stage) {
    return stage.mirror_millionths == 0 || stage.mirror_millionths == 1'000'000;
  });
}

}  // namespace

uint32_t joined_metrics(const Plan& plan) {
  uint32_t rows = 0;
  for (size_t row = 0; row < plan.metrics.size(); ++row) {
    if (is_joined(plan.metrics[row])) rows |= bit_of(row);
  }
  return rows & counted_metrics(plan);
}

EventJoins::EventJoins(const Plan& plan)
    : plan_(plan), joined_(joined_metrics(plan)), copies_all_(copies_everything(plan)) {
  if (joined_ != 0) add_rules(plan);
}

void EventJoins::add_rules(const Plan& plan) {
  std::vector<LabelRule> labels;
  std::vector<UserRule> users, sessions;
  std::vector<FirstRule> firsts;
  std::vector<PairRule> pairs;
  for (uint32_t row = 0; row < plan.metrics.size(); ++row) {
    const Metric& metric = plan.metrics[row];
    const uint32_t of = metric.of.is_none() ? row : metric.of.value;
    const bool flag = metric.kind == MetricKind::flag;
    // What an observation carries of these is no number of its request, even where nobody reads it.
    if (is_joined(metric)) later_ |= bit_of(row);
    if ((joined_ & bit_of(row)) == 0) continue;
    switch (metric.per) {
      case SampleUnit::label:
        labels.push_back({row, of, metric.within_ns, metric.absent, metric.once});
        of_labels_ |= bit_of(row);
        break;
      case SampleUnit::user:
        users.push_back({row, metric.within_ns, metric.absent, flag});
        of_users_ |= bit_of(row);
        break;
      case SampleUnit::session:
        sessions.push_back({row, metric.within_ns, metric.absent, flag});
        of_sessions_ |= bit_of(row);
        break;
      case SampleUnit::pair:
        pairs.push_back({*measure_of(metric.source), row, of});
        of_pairs_ |= bit_of(row);
        if (metric.source == MetricSource::pair_unanswered) of_unanswered_ |= bit_of(row);
        break;
      case SampleUnit::request:
        firsts.push_back({row, of, flag, failure_of(metric), metric.once});
        break;
    }
    if (metric.once != OncePer::sample) {
      of_once_ |= bit_of(row);
      firsts_of_session_ = metric.unit_of_once == SampleUnit::session;
    }
  }
  if (!labels.empty()) labels_.emplace(labels, limits::label_entries_max);
  if (!users.empty()) users_.emplace(users, limits::joined_users_max);
  if (!sessions.empty()) sessions_.emplace(sessions, limits::joined_users_max);
  if (of_once_ != 0) firsts_.emplace(firsts, plan.pane_ns, limits::joined_users_max);
  if (pairs.empty()) return;
  pairs_.emplace(pairs, PairSettings{.timeout_ns = limits::pair_timeout_ns,
                                     .pending_max = limits::pairs_pending_max,
                                     .sample_max = limits::disagreements_kept,
                                     .failed_metrics = failure_metrics(plan)});
}

void EventJoins::routed(const Route& route) {
  copying_ = route.mirror_millionths > 0;
  enter_stage(route.stage);
}

void EventJoins::enter_stage(StageId stage) {
  if (!firsts_ || stage == stage_) return;
  stage_ = stage;
  firsts_->enter_stage(stage);
  if (recorder_) recorder_->stage(stage);
}

void EventJoins::fail(uint32_t metrics, int64_t time_ns) {
  for (uint32_t left = metrics; left != 0; left &= left - 1) {
    int64_t& until_ns = failing_until_ns_[static_cast<size_t>(std::countr_zero(left))];
    until_ns = std::max(until_ns, time_ns + source_error_ns);
  }
}

void EventJoins::check(bool fits, uint32_t metrics, int64_t time_ns) {
  if (!fits) fail(metrics, time_ns);
}

// -- events

void EventJoins::take(Observation& observation, std::string_view id) {
  if (joined_ == 0 || observation.population != Population::enrolled) return;
  uint32_t needs = 0;
  const bool live = observation.arm != LaneArm::candidate_shadow;
  if (observation.id == 0) needs |= of_labels_ | (copying_ ? of_pairs_ : 0);
  if (live && observation.user == 0) needs |= of_users_;
  if (live && observation.session == 0) needs |= of_sessions_;
  if (who_counts_once(observation) == 0) needs |= of_once_;
  counters_.without_id += needs != 0 ? 1 : 0;
  fail(needs, observation.time_ns);
  const bool keeps = labels_ || users_ || sessions_ || firsts_;
  if (recorder_ && keeps) recorder_->request(observation);
  take_request(observation);
  if (pairs_ && copying_ && observation.id != 0) take_pair(observation, id);
  observation.present &= ~later_;
}

uint64_t EventJoins::who_counts_once(const Observation& request) const {
  return firsts_of_session_ ? request.session : request.user;
}

void EventJoins::take_request(const Observation& request) {
  const int64_t at_ns = request.time_ns;
  std::optional<FirstIn> first_in;
  if (const uint64_t who = who_counts_once(request); firsts_ && who != 0) {
    first_in = firsts_->seen(who, request, derived_);
    check(first_in.has_value(), of_once_, at_ns);
  }
  if (labels_ && request.id != 0) take_labelled(request, first_in.value_or(FirstIn{false, false}));
  // A shadow reaches nobody: what its user does afterwards is not its doing.
  if (request.arm == LaneArm::candidate_shadow) return;
  if (users_ && request.user != 0) check(users_->exposed(request.user, request), of_users_, at_ns);
  if (sessions_ && request.session != 0) {
    check(sessions_->exposed(request.session, request), of_sessions_, at_ns);
  }
}

void EventJoins::take_labelled(const Observation& request, FirstIn first_in) {
  const int64_t at_ns = request.time_ns;
  check(labels_->served(request.id, served_of(request), at_ns, first_in), of_labels_, at_ns);
  for (uint32_t left = request.present & later_; left != 0; left &= left - 1) {
    const auto row = static_cast<uint32_t>(std::countr_zero(left));
    if (plan_.metrics[row].per != SampleUnit::label) continue;
    labels_->label(request.id, row, request.value[row], at_ns);
  }
}

void EventJoins::take_pair(Observation& answer, std::string_view id) {
  if (answer.arm == LaneArm::candidate_live) return;
  if (answer.copied == Copied::unsaid && answer.arm == LaneArm::baseline_live) {
    if (copies_all_) answer.copied = Copied::yes;
    else fail(of_unanswered_, answer.time_ns);
  }
  if (answer.copied == Copied::no) return;
  check(pairs_->answered(id, answer, derived_), of_pairs_, answer.time_ns);
}

void EventJoins::take(const LabelEvent& label) {
  const SampleUnit per = plan_.metrics[label.metric].per;
  const uint64_t key = per == SampleUnit::label  ? label.id
                       : per == SampleUnit::user ? label.user
                                                 : label.session;
  if (key == 0) {
    ++counters_.without_id;
    return fail(rows_of_label(label.metric), label.time_ns);
  }
  if (recorder_) recorder_->label(label);
  if (per == SampleUnit::label && labels_) {
    labels_->label(key, label.metric, label.value, label.time_ns);
  } else if (per == SampleUnit::user && users_) {
    users_->value(key, label.metric, label.value, label.time_ns);
  } else if (per == SampleUnit::session && sessions_) {
    sessions_->value(key, label.metric, label.value, label.time_ns);
  } else {
    ++counters_.labels_of_no_use;
  }
}

// The metric that labels name, and those derived of it.
uint32_t EventJoins::rows_of_label(uint32_t metric) const {
  uint32_t rows = bit_of(metric);
  for (size_t row = 0; row < plan_.metrics.size(); ++row) {
    const MetricId of = plan_.metrics[row].of;
    if (!of.is_none() && of.value == metric) rows |= bit_of(row);
  }
  return rows;
}

// -- maturity

void EventJoins::mature(int64_t now_ns, std::vector<Observation>& due) {
  if (joined_ == 0) return;
  const size_t before = due.size();
  if (users_) users_->mature(now_ns, derived_);
  if (sessions_) sessions_->mature(now_ns, derived_);
  if (firsts_) firsts_->mature(now_ns, derived_);
  if (pairs_) pairs_->expire(now_ns, derived_);
  for (const Derived& derived : derived_) due.push_back(observation_of(derived));
  derived_.clear();
  Derived derived;
  while (labels_ && labels_->next_mature(now_ns, derived)) due.push_back(observation_of(derived));
  if (recorder_ && due.size() != before) recorder_->matured(now_ns);
}

// -- the record

// What an observation may carry of users and labels, and what of a user counts once.
uint32_t EventJoins::recorded_metrics() const {
  uint32_t rows = 0;
  for (size_t row = 0; row < plan_.metrics.size(); ++row) {
    const Metric& metric = plan_.metrics[row];
    if (metric.per == SampleUnit::pair || !is_joined(metric)) continue;
    rows |= bit_of(metric.of.is_none() ? row : metric.of.value);
  }
  return rows;
}

void EventJoins::take_recorded(std::string& bytes) {
  if (!needed()) return;
  if (recorder_) recorder_->take(bytes);
  else recorder_.emplace(plan_, recorded_metrics());
}

void EventJoins::replay(std::string_view bytes) {
  if (!needed()) return;
  std::vector<Observation> given;
  read_join_batches(plan_, bytes,
                    {.request = [&](Observation& request) { take(request, {}); },
                     .label = [&](const LabelEvent& label) { take(label); },
                     .matured =
                         [&](int64_t now_ns) {
                           mature(now_ns, given);
                           given.clear();
                         },
                     .stage = [&](StageId stage) { enter_stage(stage); }});
  failing_until_ns_ = {};
}

// Users are remembered for good, to be entered once.
int64_t EventJoins::settled_ns(int64_t now_ns) const {
  if (users_ || sessions_ || firsts_) return 0;
  int64_t longest_ns = 0;
  for (const Metric& metric : plan_.metrics) longest_ns = std::max(longest_ns, metric.within_ns);
  return now_ns - longest_ns;
}

int64_t EventJoins::next_due_ns() const {
  int64_t due_ns = std::numeric_limits<int64_t>::max();
  for (const Derived& derived : derived_) due_ns = std::min(due_ns, derived.time_ns);
  if (labels_) due_ns = std::min(due_ns, labels_->next_due_ns());
  if (users_) due_ns = std::min(due_ns, users_->next_due_ns());
  if (sessions_) due_ns = std::min(due_ns, sessions_->next_due_ns());
  if (firsts_) due_ns = std::min(due_ns, firsts_->next_due_ns());
  if (pairs_) due_ns = std::min(due_ns, pairs_->next_due_ns());
  return due_ns;
}

uint32_t EventJoins::metrics_failing(int64_t now_ns) const {
  if (failing_) return joined_;
  uint32_t rows = 0;
  for (size_t row = 0; row < plan_.metrics.size(); ++row) {
    if (failing_until_ns_[row] > now_ns) rows |= bit_of(row);
  }
  return rows & joined_;
}

}  // namespace rel
