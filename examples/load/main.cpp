// The users of the demo: an open-loop load of card payments on a gateway on loopback.
//
//   load_generator --port N --out FILE.csv [--rate 1200] [--duration-s 10] [--users 20000]
//                  [--seed 7] [--timeout-ms 5000]
//
// It prints `started` with the first request. At the end FILE has a line a request
// (sent_ns,latency_us,status,variant,region,user) and standard output a summary as one JSON line.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "examples/load/load_generator.h"

namespace example {
namespace {

const char* arm_name(Arm arm) {
  switch (arm) {
    case Arm::baseline: return "baseline";
    case Arm::candidate: return "candidate";
    case Arm::unknown: return "unknown";
  }
  return "unknown";
}

LoadOptions read_options(int argc, char** argv) {
  LoadOptions options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string_view text = argv[i + 1];
    if (name == "--out") {
      options.out = text;
      continue;
    }
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size() || value < 0) {
      throw std::runtime_error(std::string(name) + ": not a number: " + std::string(text));
    }
    if (name == "--port") options.port = static_cast<uint16_t>(value);
    else if (name == "--rate") options.rate = value;
    else if (name == "--duration-s") options.duration_s = value;
    else if (name == "--users") options.users = static_cast<uint32_t>(value);
    else if (name == "--seed") options.seed = static_cast<uint64_t>(value);
    else if (name == "--timeout-ms") options.timeout_ms = value;
    else throw std::runtime_error("unknown option " + std::string(name));
  }
  if (argc % 2 == 0 || options.port == 0 || options.out.empty() || options.rate <= 0) {
    throw std::runtime_error("usage: load_generator --port N --out FILE.csv [--rate N] ...");
  }
  return options;
}

void write_records(const std::string& path, const std::vector<Record>& records) {
  std::ofstream out(path);
  out << "sent_ns,latency_us,status,variant,region,user\n";
  for (const Record& record : records) {
    out << record.sent_ns << ',' << record.latency_ns / 1000 << ',' << record.status << ','
        << arm_name(record.arm) << ',' << record.region << ",u-" << record.user << '\n';
  }
  if (!out.flush()) throw std::runtime_error(path + ": cannot be written");
}

void print_summary(const LoadResult& result) {
  size_t answered = 0;
  size_t failed = 0;
  size_t candidate = 0;
  for (const Record& record : result.records) {
    answered += record.status != 0;
    failed += record.status == 0 || record.status >= 500;
    candidate += record.arm == Arm::candidate;
  }
  const double rate =
      result.seconds > 0 ? static_cast<double>(result.records.size()) / result.seconds : 0;
  std::printf("{\"sent\":%zu,\"answered\":%zu,\"failed\":%zu,\"candidate\":%zu,\"rate\":%.1f,"
              "\"latest_send_ms\":%.1f,\"retried\":%llu}\n",
              result.records.size(), answered, failed, candidate, rate,
              static_cast<double>(result.latest_send_ns) / 1e6,
              static_cast<unsigned long long>(result.retried));
}

}  // namespace
}  // namespace example

int main(int argc, char** argv) {
  try {
    const example::LoadOptions options = example::read_options(argc, argv);
    const example::LoadResult result = example::run_load(options, [] {
      std::printf("started\n");
      std::fflush(stdout);
    });
    example::write_records(options.out, result.records);
    example::print_summary(result);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_generator: %s\n", error.what());
    return 2;
  }
}
