// A logistic model as a team would export it: a JSON file with a bias and, per feature, weight,
// mean and scale. Input: the file, then named features. Output: the probability of fraud.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace example {

struct Feature {
  std::string name;
  double weight = 0;
  double mean = 0;
  double scale = 1;
};

struct LogisticModel {
  std::string name;
  std::string version;
  std::string digest;  // sha256 of the file, as "sha256:<hex>"
  double bias = 0;
  double threshold = 0.5;
  std::vector<Feature> features;

  // `values` in the order of `features`.
  double score(const std::vector<double>& values) const;
};

// Throws std::runtime_error with file and reason when the file is not such a model.
LogisticModel load_model(const std::string& path);

// Features of a query string or a JSON object, in the model's order. When one is missing or is not
// a number, nothing; `problem` names it.
std::optional<std::vector<double>> features_of_query(const LogisticModel& model,
                                                     std::string_view query, std::string& problem);
std::optional<std::vector<double>> features_of_json(const LogisticModel& model,
                                                    std::string_view body, std::string& problem);

}  // namespace example
