// The way of a release as a picture: its stages, what leads on, what leads back.
// Input: a plan. Output: Graphviz's dot, or an SVG that needs no other program. Pure.
#pragma once

#include <string>
#include <vector>

#include "runtime/plan/plan.h"

namespace rel {

struct GraphStage {
  std::string name;
  std::vector<std::string> lines;    // strategy and times
  std::vector<std::string> onward;   // what it takes to leave it for the next
  std::vector<std::string> back;     // names of the rollback triggers that act in it alone
  std::string otherwise;             // what happens when its time is up; empty: it has none
};

struct GraphTrigger {
  std::string name;
  std::string text;
};

struct Graph {
  std::string release;
  std::string model;
  std::string baseline;
  std::vector<GraphStage> stages;
  std::vector<std::string> back;        // names of the rollback triggers of every stage
  std::vector<GraphTrigger> triggers;   // what the names stand for
};

Graph graph_of(const Plan& plan);

std::string render_dot(const Graph& graph);
std::string render_svg(const Graph& graph);

// Words in lines of at most `width` bytes where they can be parted.
std::vector<std::string> wrap(const std::string& text, size_t width);

}  // namespace rel
