#include "compiler/sema/imports.h"

#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "compiler/diagnostics/embedded_text.h"
#include "compiler/syntax/parse.h"
#include "runtime/base/limits.h"

namespace rel::sema {

namespace {

// Files that are open on the way from the root are kept to see a cycle.
enum class Progress : uint8_t { open, done };

class Loader {
 public:
  Loader(Sources& sources, Diagnostics& diagnostics, std::vector<ast::File>& files)
      : sources_(sources), diagnostics_(diagnostics), files_(files) {}

  bool load(FileId id, const std::string& key, size_t depth) {
    progress_[key] = Progress::open;
    if (!scan(sources_, id, diagnostics_)) return false;
    files_.push_back(parse(sources_, id, diagnostics_));
    // Copied: loading an import grows `files_`.
    const std::vector<ast::Import> imports = files_.back().imports;
    for (const ast::Import& import : imports) {
      if (!follow(import, id, depth)) return false;
    }
    progress_[key] = Progress::done;
    return true;
  }

  std::string key_of(const std::string& path) const {
    std::error_code ignored;  // a path that does not resolve is its own key
    const std::filesystem::path real = std::filesystem::weakly_canonical(path, ignored);
    return ignored ? path : real.string();
  }

 private:
  bool follow(const ast::Import& import, FileId importer, size_t depth) {
    if (depth + 1 > limits::import_depth_max) {
      diagnostics_
          .report(Code::import_too_deep, import.span,
                  fmt::format("imports are nested more than {} deep", limits::import_depth_max))
          .with_help("import the file that declares what you need directly");
      return true;
    }
    return import.file ? follow_file(import, importer, depth) : follow_module(import, depth);
  }

  // Whether the file has been met before; one that is still open closes a circle.
  bool seen(const std::string& key, const ast::Import& import) {
    const auto found = progress_.find(key);
    if (found == progress_.end()) return false;
    if (found->second == Progress::open) {
      diagnostics_
          .report(Code::import_cycle, import.span, "this import leads back to a file that is open")
          .primary("imports form a circle")
          .with_help("move what both files need into a third one that imports neither");
    }
    return true;
  }

  bool follow_file(const ast::Import& import, FileId importer, size_t depth) {
    if (import.file->value.empty()) {
      diagnostics_.report(Code::import_not_found, import.file->span, "this import names no file");
      return true;
    }
    const std::filesystem::path base =
        std::filesystem::path(sources_.file(importer).path).parent_path();
    const std::string path = (base / import.file->value).lexically_normal().string();
    const std::string key = key_of(path);
    if (seen(key, import)) return true;
    const Result<FileId> id = sources_.read(path);
    if (!id) {
      diagnostics_
          .report(Code::import_not_found, import.file->span,
                  fmt::format("cannot import `{}`", import.file->value))
          .with_note(id.error().message)
          .with_help("paths are relative to the importing file");
      return true;
    }
    return load(*id, key, depth + 1);
  }

  bool follow_module(const ast::Import& import, size_t depth) {
    std::string name;
    for (const ast::Name& part : import.path) name += (name.empty() ? "" : ".") + part.text;
    const std::string key = "<" + name + ">";
    if (seen(key, import)) return true;
    std::vector<std::string> known;
    for (const EmbeddedText& module : embedded_stdlib()) {
      known.push_back("std." + std::string{module.name});
      if (known.back() != name) continue;
      return load(sources_.add(key, std::string{module.text}), key, depth + 1);
    }
    const std::vector<std::string_view> names(known.begin(), known.end());
    Diagnostic& diagnostic = diagnostics_.report(Code::import_not_found, import.span,
                                                 fmt::format("there is no module `{}`", name));
    const std::string_view near = nearest_name(name, names);
    if (!near.empty()) diagnostic.with_help(fmt::format("did you mean `{}`?", near));
    diagnostic.with_help("a file of your own is imported by its path: import \"guards.release\"");
    return true;
  }

  Sources& sources_;
  Diagnostics& diagnostics_;
  std::vector<ast::File>& files_;
  std::map<std::string, Progress> progress_;
};

}  // namespace

bool load_files(Sources& sources, FileId root, Diagnostics& diagnostics,
                std::vector<ast::File>& files) {
  Loader loader(sources, diagnostics, files);
  return loader.load(root, loader.key_of(sources.file(root).path), 0);
}

}  // namespace rel::sema
