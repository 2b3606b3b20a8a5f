// The statements of a file with their comments and line ends: what the formatter lays out.
// Input: the tokens of a file without syntax errors. Output: blocks of items of statements.
// Owner: the formatter; texts are views of the file.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "compiler/source/source.h"
#include "compiler/syntax/layout.h"

namespace rel::format {

struct Block;

struct Comment {
  std::string_view text;  // from `//` to its last letter
  bool own_line = false;
};

// A token of a statement, or a block in braces with its `{`.
struct Piece {
  std::string_view text;
  TokenRole role = TokenRole::plain;
  bool spaced = false;  // white space stood before it
  bool broken = false;  // a line end stood before it
  std::vector<Comment> comments;  // before it, within its statement
  std::unique_ptr<Block> block;
};

struct Statement {
  std::vector<Piece> pieces;
};

// What stands on a line: statements with `;` between them and a comment, or a comment alone.
struct Item {
  bool blank_before = false;
  std::vector<Statement> statements;
  std::string_view comment;
};

struct Block {
  std::string_view opening;  // comment on the line of the `{`
  std::vector<Item> items;
  bool one_line = false;     // written on one line
};

// The file as a block without braces.
Block build_tree(std::string_view text, const std::vector<Token>& tokens);

}  // namespace rel::format
