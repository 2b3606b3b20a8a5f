// Parse, lay out, and prove that nothing but white space has changed.
#include "compiler/format/format.h"

#include <algorithm>

#include "compiler/format/tree.h"
#include "compiler/format/writer.h"
#include "compiler/syntax/parse.h"
#include "runtime/base/check.h"

namespace rel {
namespace {

// Statements, words and comments: all that a policy is.
struct Content {
  std::vector<std::pair<TokenRole, std::string>> tokens;
  std::vector<std::string> comments;
  friend bool operator==(const Content&, const Content&) = default;
};

void collect_comments(const format::Block& block, std::vector<std::string>& comments) {
  if (!block.opening.empty()) comments.emplace_back(block.opening);
  for (const format::Item& item : block.items) {
    for (const format::Statement& statement : item.statements) {
      for (const format::Piece& piece : statement.pieces) {
        for (const format::Comment& each : piece.comments) comments.emplace_back(each.text);
        if (piece.block) collect_comments(*piece.block, comments);
      }
    }
    if (!item.comment.empty()) comments.emplace_back(item.comment);
  }
}

Content content_of(std::string_view text, const std::vector<Token>& tokens,
                   const format::Block& tree) {
  Content made;
  for (const Token& each : tokens)
    made.tokens.emplace_back(each.role, std::string(text.substr(each.offset, each.length)));
  collect_comments(tree, made.comments);
  return made;
}

}  // namespace

std::optional<std::string> format_policy(Sources& sources, FileId file, Diagnostics& diagnostics) {
  parse(sources, file, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  const std::string_view text = sources.file(file).text;
  const std::vector<Token> tokens = read_tokens(sources, file);
  const format::Block tree = format::build_tree(text, tokens);
  std::string made = format::write_tree(tree);

  Sources again;
  const FileId written = again.add(sources.file(file).path, made);
  const std::vector<Token> reread = read_tokens(again, written);
  const format::Block retree = format::build_tree(made, reread);
  REL_CHECK(content_of(text, tokens, tree) == content_of(made, reread, retree));
  return made;
}

}  // namespace rel
