// Reading and applying a logistic model.
#include "examples/model_server/logistic_model.h"

#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "examples/net/http_message.h"
#include "runtime/base/sha256.h"

namespace example {

double LogisticModel::score(const std::vector<double>& values) const {
  double logit = bias;
  for (size_t i = 0; i < features.size(); ++i) {
    logit += features[i].weight * (values[i] - features[i].mean) / features[i].scale;
  }
  return 1.0 / (1.0 + std::exp(-logit));
}

LogisticModel load_model(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error(path + ": cannot be read");
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    LogisticModel model;
    model.name = json.at("name").get<std::string>();
    model.version = json.at("version").get<std::string>();
    model.digest = "sha256:" + rel::sha256_hex(text);
    model.bias = json.at("bias").get<double>();
    model.threshold = json.at("threshold").get<double>();
    for (const auto& feature : json.at("features")) {
      model.features.push_back({feature.at("name").get<std::string>(),
                                feature.at("weight").get<double>(),
                                feature.at("mean").get<double>(),
                                feature.at("scale").get<double>()});
      if (!(model.features.back().scale > 0)) {
        throw std::runtime_error("feature " + model.features.back().name + " has no scale");
      }
    }
    return model;
  } catch (const std::exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
}

std::optional<std::vector<double>> features_of_query(const LogisticModel& model,
                                                     std::string_view query,
                                                     std::string& problem) {
  std::vector<double> values;
  for (const Feature& feature : model.features) {
    const std::string_view text = query_value(query, feature.name);
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) {
      problem = "feature " + feature.name + " is missing or not a number";
      return std::nullopt;
    }
    values.push_back(value);
  }
  return values;
}

std::optional<std::vector<double>> features_of_json(const LogisticModel& model,
                                                    std::string_view body, std::string& problem) {
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) {
    problem = "the body is not a JSON object";
    return std::nullopt;
  }
  std::vector<double> values;
  for (const Feature& feature : model.features) {
    const auto found = json.find(feature.name);
    if (found == json.end() || !found->is_number()) {
      problem = "feature " + feature.name + " is missing or not a number";
      return std::nullopt;
    }
    values.push_back(found->get<double>());
  }
  return values;
}

}  // namespace example
