// relc graph: the way of a release as a picture, for Graphviz or as an SVG of its own.
// Exit: 0 drawn, 1 the policy is wrong, 2 usage or the world failed.
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "compiler/cli/command.h"
#include "compiler/cli/policy_file.h"
#include "compiler/graph/graph.h"

namespace rel::cli {
namespace {

struct GraphOptions {
  PolicyFile policy;
  std::string format = "dot";
  std::string out = "-";
};

int draw(const GraphOptions& options) {
  const Result<Plan> plan = load_policy_file(options.policy);
  if (!plan) {
    std::fprintf(stderr, "relc: %s\n", plan.error().message.c_str());
    return exit_findings;
  }
  const Graph graph = graph_of(*plan);
  const std::string text = options.format == "svg" ? render_svg(graph) : render_dot(graph);
  if (options.out == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return exit_clean;
  }
  std::ofstream file(options.out, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return exit_clean;
  std::fprintf(stderr, "relc: cannot write %s\n", options.out.c_str());
  return exit_failed;
}

}  // namespace

void add_command_graph(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<GraphOptions>();
  CLI::App* command = app.add_subcommand("graph", "draw the stages of a release");
  command->add_option("FILE", options->policy.path, "the policy, or a built plan")->required();
  command->add_option("--format", options->format, "dot (for Graphviz) or svg")
      ->check(CLI::IsMember({"dot", "svg"}));
  command->add_option("-o,--out", options->out, "where to; - is standard output");
  command->add_option("--release", options->policy.release, "the release, when FILE has several");
  command->callback([options, &exit_code] { exit_code = draw(*options); });
}

}  // namespace rel::cli
