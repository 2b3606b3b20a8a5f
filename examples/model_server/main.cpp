// A model server: scores card payments with the logistic model of a file, over HTTP on loopback.
//
//   model_server --model fraud_v13.json [--port 0] [--service-ms 4] [--seed 1]
//   GET /score?amount=..&...   POST /score {"amount":..}     -> {"score":..,"decision":".."}
//   POST /fault?latency_ms=400&error_share=0.2           breaks it from now on; 0 and 0 mends it
//   GET /healthz
//
// It prints `listening PORT` once it accepts connections.
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>

#include "examples/model_server/logistic_model.h"
#include "examples/model_server/server.h"
#include "examples/net/http_message.h"

namespace example {
namespace {

struct Options {
  std::string model;
  uint16_t port = 0;
  double service_ms = 4;  // middle of the time a healthy answer takes
  uint64_t seed = 1;
};

struct Faults {
  double latency_ms = 0;
  double error_share = 0;
};

double number_of(std::string_view text, const char* what) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size() || value < 0) {
    throw std::runtime_error(std::string(what) + ": not a number: " + std::string(text));
  }
  return value;
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--model") {
      options.model = argv[i + 1];
    } else if (name == "--port") {
      options.port = static_cast<uint16_t>(number_of(argv[i + 1], "--port"));
    } else if (name == "--service-ms") {
      options.service_ms = number_of(argv[i + 1], "--service-ms");
    } else if (name == "--seed") {
      options.seed = static_cast<uint64_t>(number_of(argv[i + 1], "--seed"));
    } else {
      throw std::runtime_error("unknown option " + std::string(name));
    }
  }
  if (options.model.empty() || argc % 2 == 0) {
    throw std::runtime_error("usage: model_server --model FILE [--port N] [--service-ms N]");
  }
  return options;
}

class ModelService {
 public:
  ModelService(LogisticModel model, const Options& options)
      : model_(std::move(model)), options_(options), random_(options.seed) {}

  Response operator()(const Request& request) {
    if (request.path == "/healthz") return {200, "", "{\"ok\":true}\n", {}};
    if (request.path == "/fault") return set_faults(request);
    if (request.path != "/score") return {404, "", "{\"error\":\"no such path\"}\n", {}};
    return score(request);
  }

 private:
  Response set_faults(const Request& request) {
    try {
      faults_.latency_ms = number_of(query_value(request.query, "latency_ms"), "latency_ms");
      faults_.error_share = number_of(query_value(request.query, "error_share"), "error_share");
    } catch (const std::exception& error) {
      return {400, "", std::string("{\"error\":\"") + error.what() + "\"}\n", {}};
    }
    return {200, "", "{\"ok\":true}\n", {}};
  }

  Response score(const Request& request) {
    std::string problem;
    const auto values = request.method == "POST"
                            ? features_of_json(model_, request.body, problem)
                            : features_of_query(model_, request.query, problem);
    Response response;
    response.headers = "X-Model-Digest: " + model_.digest + "\r\n";
    response.delay = service_time();
    if (!values) {
      response.status = 400;
      response.body = "{\"error\":\"" + problem + "\"}\n";
      return response;
    }
    if (uniform_(random_) < faults_.error_share) {
      response.status = 500;
      response.body = "{\"error\":\"the feature store did not answer\"}\n";
      return response;
    }
    const double probability = model_.score(*values);
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", probability);
    response.headers += std::string("X-Score: ") + text + "\r\n";
    response.body = "{\"model\":\"" + model_.name + "\",\"version\":\"" + model_.version +
                    "\",\"score\":" + text + ",\"decision\":\"" +
                    (probability >= model_.threshold ? "fraud" : "genuine") + "\"}\n";
    return response;
  }

  // Half to one and a half of --service-ms, with a tail: what p99 is there to show.
  std::chrono::nanoseconds service_time() {
    double ms = options_.service_ms * (0.5 + uniform_(random_)) + faults_.latency_ms;
    if (uniform_(random_) < 0.02) ms += options_.service_ms * 4 * uniform_(random_);
    return std::chrono::nanoseconds(static_cast<int64_t>(ms * 1e6));
  }

  LogisticModel model_;
  Options options_;
  Faults faults_;
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> uniform_{0, 1};
};

}  // namespace
}  // namespace example

int main(int argc, char** argv) {
  try {
    const example::Options options = example::read_options(argc, argv);
    example::ModelService service(example::load_model(options.model), options);
    example::serve(
        options.port,
        [](uint16_t port) {
          std::printf("listening %u\n", port);
          std::fflush(stdout);
        },
        [&](const example::Request& request) { return service(request); });
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "model_server: %s\n", error.what());
    return 2;
  }
}
