// relc build: a policy to a plan, or to what is made from one. With `-o -` the plan is printed as
// text; other artefacts are written to standard output as they are.
// Exit: 0 built, 1 the policy is wrong, 2 usage or the world failed.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "compiler/cli/codegen_library.h"
#include "compiler/cli/command.h"
#include "compiler/cli/findings.h"
#include "compiler/compile.h"
#include "runtime/plan/plan.h"

namespace rel::cli {

namespace {

struct BuildOptions {
  std::string file;
  std::string out;
  std::string emit = "plan";
  std::string release;
  double time_scale = 1.0;
};

Result<std::string> artefact(const BuildOptions& options, const Plan& plan) {
  const bool printed = options.emit == "text" || (options.emit == "plan" && options.out == "-");
  if (printed) return print_plan(plan);
  if (options.emit == "plan") return save_plan(plan);
  const Result<CodegenLibrary> library = CodegenLibrary::load();
  if (!library) return library.error();
  return library->emit(plan, options.emit == "ir" ? Artefact::ir : Artefact::obj);
}

// Written beside its place and moved there, so that a half-written plan is never picked up.
Status write(const std::string& path, const std::string& bytes) {
  if (path == "-") {
    const bool written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
    if (!written || std::fflush(stdout) != 0) return Error{"cannot write to standard output"};
    return ok();
  }
  const std::string unfinished = path + ".unfinished";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(unfinished, path, error);
  if (file && !error) return ok();
  std::filesystem::remove(unfinished, error);
  return Error{fmt::format("cannot write {}: check that the directory exists and has room", path)};
}

int failed(const std::string& message) {
  fmt::print(stderr, "relc: {}\n", message);
  return exit_failed;
}

int build(const BuildOptions& options) {
  Sources sources;
  Diagnostics diagnostics;
  const Result<FileId> file = read_policy(sources, options.file, diagnostics);
  if (!file) {
    print_findings(stderr, Format::text, sources, diagnostics);
    return exit_failed;
  }
  const Compiled compiled =
      compile(sources, *file, {options.release, options.time_scale}, diagnostics);
  print_findings(stderr, Format::text, sources, diagnostics);
  if (diagnostics.has_errors()) return exit_findings;
  if (compiled.plans.empty()) return failed(options.file + " declares no release");
  if (compiled.plans.size() > 1) {
    std::string names;
    for (const Plan& plan : compiled.plans) names += (names.empty() ? "" : ", ") + plan.release;
    return failed(fmt::format("{} has several releases; choose one with --release: {}",
                              options.file, names));
  }
  const Result<std::string> bytes = artefact(options, compiled.plans.front());
  if (!bytes) return failed(bytes.error().message);
  const Status written = write(options.out, *bytes);
  return written ? exit_clean : failed(written.error().message);
}

}  // namespace

void add_command_build(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<BuildOptions>();
  CLI::App* command = app.add_subcommand("build", "compile a policy to a plan");
  command->add_option("FILE", options->file, "the policy; `-` reads standard input")->required();
  command->add_option("-o,--output", options->out, "where it goes; `-` is standard output")
      ->required();
  command->add_option("--emit", options->emit, "plan, text (the plan to read), ir or obj")
      ->check(CLI::IsMember({"plan", "text", "ir", "obj"}));
  command->add_option("--release", options->release, "which release of the file");
  command->add_option("--scale-time", options->time_scale,
                      "multiplies step, soak, `at least` and `at most` times")
      ->check(CLI::Range(1e-6, 1e6));
  command->callback([options, &exit_code] { exit_code = build(*options); });
}

}  // namespace rel::cli
